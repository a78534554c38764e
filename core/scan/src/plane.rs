//! Grey pixels and their sampling. Owns: the bounds checks of every access. Must never: decide what is black.
//!
//! Two conventions for positions are in use. Linear readers count in pixels along a line, and the centre of a pixel has whole
//! numbers ([`Plane::interpolate`]). Two-dimensional readers measure outlines, so the corner of a pixel has whole numbers
//! ([`Plane::grey`]).

use std::borrow::Cow;

/// A rectangle of grey pixels, borrowed from the camera or made here.
pub(super) struct Plane<'a> {
    data: Cow<'a, [u8]>,
    pub(super) width: usize,
    pub(super) height: usize,
    stride: usize,
}

impl<'a> Plane<'a> {
    /// A picture in the memory of the caller, its rows `stride` bytes apart.
    pub(super) fn borrowed(data: &'a [u8], width: usize, height: usize, stride: usize) -> Self {
        Self { data: Cow::Borrowed(data), width, height, stride }
    }

    /// A picture made here, without padding.
    pub(super) fn owned(data: Vec<u8>, width: usize, height: usize) -> Plane<'static> {
        Plane { data: Cow::Owned(data), width, height, stride: width }
    }

    /// One row of pixels; empty outside the picture.
    pub(super) fn row(&self, y: usize) -> &[u8] {
        let start = y * self.stride;
        self.data.get(start..start + self.width).unwrap_or_default()
    }

    /// The row `y`, or the last row if there are fewer.
    fn clamped_row(&self, y: usize) -> &[u8] {
        self.row(y.min(self.height.saturating_sub(1)))
    }

    /// Grey of a pixel; white outside the picture.
    pub(super) fn at(&self, x: usize, y: usize) -> u8 {
        self.data.get(y * self.stride + x).copied().unwrap_or(255)
    }

    /// Grey at any position, interpolated between the centres of pixels, which have whole numbers; white outside the picture.
    pub(super) fn interpolate(&self, x: f32, y: f32) -> u8 {
        if !(x >= 0.0 && y >= 0.0 && x < self.width as f32 && y < self.height as f32) {
            return 255;
        }
        let (x0, y0) = (x as usize, y as usize);
        let (fx, fy) = (((x - x0 as f32) * 16.0) as u32, ((y - y0 as f32) * 16.0) as u32);
        let pair = |start: usize| match self.data.get(start + x0..start + x0 + 2) {
            Some([a, b]) if x0 + 1 < self.width => u32::from(*a) * (16 - fx) + u32::from(*b) * fx,
            _ => u32::from(self.data.get(start + x0).copied().unwrap_or(255)) * 16,
        };
        let below = (y0 + 1).min(self.height.saturating_sub(1));
        ((pair(y0 * self.stride) * (16 - fy) + pair(below * self.stride) * fy + 128) >> 8) as u8
    }

    /// The same for positions whose whole numbers are corners of pixels, half a pixel from the centres.
    pub(super) fn grey(&self, (x, y): (f32, f32)) -> u8 {
        self.interpolate(x - 0.5, y - 0.5)
    }

    /// The picture with light and dark swapped.
    pub(super) fn inverted(&self) -> Plane<'static> {
        let data = (0..self.height).flat_map(|y| self.row(y)).map(|grey| 255 - grey).collect();
        Plane::owned(data, self.width, self.height)
    }

    /// The picture at half its size, each pixel the mean of four.
    pub(super) fn halved(&self) -> Plane<'static> {
        let (width, height) = (self.width / 2, self.height / 2);
        let mut data = Vec::with_capacity(width * height);
        for y in 0..height {
            let (upper, _) = self.row(2 * y).as_chunks::<2>();
            let (lower, _) = self.row(2 * y + 1).as_chunks::<2>();
            data.extend(upper.iter().zip(lower).map(|([a, b], [c, d])| {
                ((u16::from(*a) + u16::from(*b) + u16::from(*c) + u16::from(*d) + 2) / 4) as u8
            }));
        }
        Plane::owned(data, width, height)
    }

    /// The picture at twice its size, interpolated, for codes with less than two pixels a module.
    pub(super) fn doubled(&self) -> Plane<'static> {
        let (width, height) = (self.width * 2, self.height * 2);
        let mut data = Vec::with_capacity(width * height);
        let mut wide = Vec::with_capacity(width);
        let mut wide_next = Vec::with_capacity(width);
        stretch(self.clamped_row(0), &mut wide);
        for y in 0..self.height {
            stretch(self.clamped_row(y + 1), &mut wide_next);
            data.extend_from_slice(&wide);
            data.extend(wide.iter().zip(&wide_next).map(|(a, b)| mean(*a, *b)));
            std::mem::swap(&mut wide, &mut wide_next);
        }
        Plane::owned(data, width, height)
    }

    /// Noise of flat areas: of sampled blocks of 8 x 8 pixels, the range of grey that a fifth of them stay below. A bar has
    /// more contrast.
    pub(super) fn noise(&self) -> u8 {
        /// Blocks sampled in each direction.
        const SAMPLES: usize = 12;
        let mut ranges = Vec::with_capacity(SAMPLES * SAMPLES);
        for by in 0..SAMPLES {
            for bx in 0..SAMPLES {
                let (left, top) = (self.width * bx / SAMPLES, self.height * by / SAMPLES);
                let (mut low, mut high) = (255u8, 0u8);
                for y in top..(top + 8).min(self.height) {
                    for value in self.row(y).iter().skip(left).take(8) {
                        low = low.min(*value);
                        high = high.max(*value);
                    }
                }
                ranges.push(high.saturating_sub(low));
            }
        }
        ranges.sort_unstable();
        ranges.get(ranges.len() / 5).copied().unwrap_or(0)
    }

    /// Writes the grey values along a straight line to `out`, one a pixel, interpolated.
    pub(super) fn sample_line(&self, line: &ScanLine, out: &mut Vec<u8>) {
        out.clear();
        let ScanLine { x, y, dx, dy, len, .. } = *line;
        if dy == 0.0 {
            out.extend(self.row(y as usize).iter().skip(x as usize).take(len));
            return;
        }
        for k in 0..len {
            let (px, py) = (x + dx * k as f32, y + dy * k as f32);
            if dx == 0.0 {
                out.push(self.at(px as usize, py as usize));
                continue;
            }
            out.push(self.interpolate(px, py));
        }
    }
}

/// The mean of two greys, rounded up.
fn mean(a: u8, b: u8) -> u8 {
    (u16::from(a) + u16::from(b)).div_ceil(2) as u8
}

/// The row at twice its length, interpolated.
fn stretch(row: &[u8], out: &mut Vec<u8>) {
    out.clear();
    for (k, value) in row.iter().enumerate() {
        let next = row.get(k + 1).unwrap_or(value);
        out.extend([*value, mean(*value, *next)]);
    }
}

/// A scan line: from (x, y), in steps (dx, dy) of one pixel length.
#[derive(Debug, Clone, Copy)]
pub(super) struct ScanLine {
    pub(super) x: f32,
    pub(super) y: f32,
    pub(super) dx: f32,
    pub(super) dy: f32,
    pub(super) len: usize,
    /// Distance from the middle of the picture in pixels, to the right of the direction. Tells lines of one direction apart.
    pub(super) off: f32,
}

impl ScanLine {
    /// The position in the picture of a distance along the line.
    pub(super) fn position(&self, at: f32) -> (f32, f32) {
        (self.x + self.dx * at, self.y + self.dy * at)
    }

    /// `count` parallel lines that cover the picture, from the middle outwards, in the direction (dx, dy) of length 1.
    pub(super) fn fan(plane: &Plane<'_>, (dx, dy): (f32, f32), count: usize) -> Vec<Self> {
        let (w, h) = (plane.width as f32, plane.height as f32);
        // The extent of the picture at right angles to the lines.
        let across = w * dy.abs() + h * dx.abs();
        let step = across / count as f32;
        let mut lines = Vec::with_capacity(count);
        for k in 0..count {
            let side = if k % 2 == 0 { 1.0 } else { -1.0 };
            lines.extend(Self::at_offset(plane, (dx, dy), side * step * k.div_ceil(2) as f32));
        }
        lines
    }

    /// The line at a distance of `off` pixels from the middle of the picture; `None` if less than 30 pixels of it lie inside.
    pub(super) fn at_offset(plane: &Plane<'_>, (dx, dy): (f32, f32), off: f32) -> Option<Self> {
        let centre = (plane.width as f32 / 2.0 - dy * off, plane.height as f32 / 2.0 + dx * off);
        Self::through(plane, centre, (dx, dy)).map(|line| Self { off, ..line })
    }

    /// The part inside the picture of the line through a point.
    fn through(plane: &Plane<'_>, (cx, cy): (f32, f32), (dx, dy): (f32, f32)) -> Option<Self> {
        let (mut from, mut to) = (f32::NEG_INFINITY, f32::INFINITY);
        for (c, d, size) in [(cx, dx, plane.width as f32), (cy, dy, plane.height as f32)] {
            let last = size - 1.0;
            if d == 0.0 {
                if c < 0.0 || c > last {
                    return None;
                }
                continue;
            }
            let (a, b) = ((0.0 - c) / d, (last - c) / d);
            from = from.max(a.min(b));
            to = to.min(a.max(b));
        }
        let len = to - from;
        if !(len.is_finite() && len >= 30.0) {
            return None;
        }
        // Rounding may put the start slightly outside the picture.
        let (x, y) = ((cx + dx * from).max(0.0), (cy + dy * from).max(0.0));
        Some(Self { x, y, dx, dy, len: len as usize + 1, off: 0.0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halving_and_doubling_preserve_the_grey() {
        let plane = Plane::owned(vec![10, 20, 30, 40, 50, 60], 3, 2);
        let half = plane.halved();
        assert_eq!((half.width, half.height, half.row(0)), (1, 1, &[30u8][..]));
        let double = plane.doubled();
        assert_eq!((double.width, double.height), (6, 4));
        assert_eq!(double.row(0), [10, 15, 20, 25, 30, 30]);
        assert_eq!(double.row(1), [25, 30, 35, 40, 45, 45]);
    }

    #[test]
    fn lines_stay_inside() {
        let plane = Plane::owned(vec![7; 64 * 40], 64, 40);
        let slanted = (0.5f32.sqrt(), 0.5f32.sqrt());
        for direction in [(1.0, 0.0), (0.0, 1.0), slanted, (slanted.0, -slanted.1)] {
            let lines = ScanLine::fan(&plane, direction, 9);
            assert!(lines.len() >= 4);
            for line in lines {
                let mut samples = Vec::new();
                plane.sample_line(&line, &mut samples);
                assert_eq!(samples.len(), line.len);
                assert!(samples.iter().all(|s| *s == 7));
            }
        }
    }
}
