//! Places and directions on a picture: small sums, nothing else. Must never look at pixels.

/// A place in pixels; the corner of a pixel has whole numbers.
pub(crate) type Place = (f32, f32);

/// Pixels from a to b.
pub(crate) fn distance(a: Place, b: Place) -> f32 {
    (a.0 - b.0).hypot(a.1 - b.1)
}

/// The direction from a to b, of length 1.
pub(crate) fn heading(a: Place, b: Place) -> Place {
    let len = distance(a, b).max(1e-3);
    ((b.0 - a.0) / len, (b.1 - a.1) / len)
}

/// The place some steps from another.
pub(crate) fn ahead(from: Place, way: Place, steps: f32) -> Place {
    (from.0 + way.0 * steps, from.1 + way.1 * steps)
}

/// To the left of a direction on a screen.
pub(crate) fn leftwards((x, y): Place) -> Place {
    (y, -x)
}

/// Where the way from a and the way from b cross. None if they run side by side.
pub(crate) fn crossing(a: Place, way: Place, b: Place, other: Place) -> Option<Place> {
    let span = way.0 * other.1 - way.1 * other.0;
    if span.abs() < 0.2 {
        return None;
    }
    let steps = ((b.0 - a.0) * other.1 - (b.1 - a.1) * other.0) / span;
    Some(ahead(a, way, steps))
}

/// Positive where the way from a over b to c turns to the right on a screen.
pub(crate) fn turn(a: Place, b: Place, c: Place) -> f32 {
    (b.0 - a.0) * (c.1 - b.1) - (b.1 - a.1) * (c.0 - b.0)
}
