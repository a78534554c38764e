//! Positions and directions in a picture. Owns: vector arithmetic. Must never: read pixels.

/// A position in pixels; corners of pixels have whole numbers.
pub(crate) type Position = (f32, f32);

/// Distance of a and b, in pixels.
pub(crate) fn distance(a: Position, b: Position) -> f32 {
    (a.0 - b.0).hypot(a.1 - b.1)
}

/// The direction from a to b, of length 1.
pub(crate) fn heading(a: Position, b: Position) -> Position {
    let len = distance(a, b).max(1e-3);
    ((b.0 - a.0) / len, (b.1 - a.1) / len)
}

/// The position `steps` pixels from another, in a direction.
pub(crate) fn ahead(from: Position, direction: Position, steps: f32) -> Position {
    (from.0 + direction.0 * steps, from.1 + direction.1 * steps)
}

/// The direction to the left of another, as seen on a screen.
pub(crate) fn leftwards((x, y): Position) -> Position {
    (y, -x)
}

/// Where the line from a and the line from b cross; `None` if they are nearly parallel.
pub(crate) fn crossing(a: Position, direction: Position, b: Position, other: Position) -> Option<Position> {
    let span = direction.0 * other.1 - direction.1 * other.0;
    if span.abs() < 0.2 {
        return None;
    }
    let steps = ((b.0 - a.0) * other.1 - (b.1 - a.1) * other.0) / span;
    Some(ahead(a, direction, steps))
}

/// Cross product: positive if the path from a over b to c turns to the right on a screen.
pub(crate) fn turn(a: Position, b: Position, c: Position) -> f32 {
    (b.0 - a.0) * (c.1 - b.1) - (b.1 - a.1) * (c.0 - b.0)
}
