//! Drawn lines for the tests of the readers. Owns: edges of given widths, as [`edges`](super::edges) would find them. Must
//! never: be part of the library.

use super::reading::LineReading;

/// The edges of elements of these widths in pixels, the first one at `start`.
pub(super) fn edges(start: f32, widths: impl IntoIterator<Item = f32>) -> Vec<f32> {
    let mut edges = vec![start];
    for width in widths {
        edges.extend(edges.last().map(|at| at + width));
    }
    edges
}

/// The same edges with the ink spread by so many pixels on each side of a bar; the first element is a bar.
pub(super) fn spread_ink(edges: &[f32], by: f32) -> Vec<f32> {
    edges.iter().enumerate().map(|(k, edge)| if k % 2 == 0 { edge - by } else { edge + by }).collect()
}

/// What a reader finds on a line of `len` pixels.
pub(super) fn read_with(
    read: impl Fn(&[f32], f32, &mut Vec<LineReading>),
    edges: &[f32],
    len: f32,
) -> Vec<LineReading> {
    let mut readings = Vec::new();
    read(edges, len, &mut readings);
    readings
}

/// The texts of these readings.
pub(super) fn texts_with(read: impl Fn(&[f32], f32, &mut Vec<LineReading>), edges: &[f32], len: f32) -> Vec<String> {
    read_with(read, edges, len).into_iter().map(|reading| reading.text).collect()
}
