//! Camera formats to grey pixels. Owns: the check of each buffer before it is read. Must never: scale, rotate or crop.

use super::{ScanError, bytes_needed, check_size};

/// Grey pixels of an RGBA picture, one byte a pixel and `width` a row. `stride` is the distance between rows of `pixels` in
/// bytes, `width * 4` without padding. Alpha is ignored.
///
/// ```
/// use stocksync_scan::luma_from_rgba;
///
/// let red_then_white = [255, 0, 0, 255, 255, 255, 255, 255];
/// assert_eq!(luma_from_rgba(&red_then_white, 2, 1, 8), Ok(vec![77, 255]));
/// ```
///
/// # Errors
/// `Empty`, `TooLarge`, `Stride` or `Length` if the sizes and the buffer do not fit.
pub fn luma_from_rgba(pixels: &[u8], width: u32, height: u32, stride: u32) -> Result<Vec<u8>, ScanError> {
    from_quads(pixels, width, height, stride, |[r, g, b, _]| grey(r, g, b))
}

/// Grey pixels of a BGRA picture (iOS); otherwise as [`luma_from_rgba`].
///
/// # Errors
/// As [`luma_from_rgba`].
pub fn luma_from_bgra(pixels: &[u8], width: u32, height: u32, stride: u32) -> Result<Vec<u8>, ScanError> {
    from_quads(pixels, width, height, stride, |[b, g, r, _]| grey(r, g, b))
}

/// Grey pixels of an NV21 or NV12 picture, as Android's camera gives it: its first plane, without the padding of rows. The
/// buffer must hold the colour plane too, so that pixels of another format are refused.
///
/// # Errors
/// `Empty`, `TooLarge`, `Stride` or `Length` if the sizes and the buffer do not fit.
pub fn luma_from_nv21(pixels: &[u8], width: u32, height: u32, stride: u32) -> Result<Vec<u8>, ScanError> {
    check_size(width, height)?;
    if stride < width {
        return Err(ScanError::Stride { width, stride });
    }
    let (row, rows) = (stride as usize, height as usize);
    // Up to the last pixel: the last row of the colour plane may lack its padding.
    let needed = bytes_needed(width, height + height.div_ceil(2), stride);
    if pixels.len() < needed {
        return Err(ScanError::Length { needed, got: pixels.len() });
    }
    let mut luma = Vec::with_capacity(width as usize * rows);
    for line in pixels.chunks(row).take(rows) {
        luma.extend(line.iter().take(width as usize));
    }
    Ok(luma)
}

/// Checks the sizes, then converts pixels of four bytes by `grey`.
fn from_quads(
    pixels: &[u8],
    width: u32,
    height: u32,
    stride: u32,
    grey: impl Fn([u8; 4]) -> u8,
) -> Result<Vec<u8>, ScanError> {
    check_size(width, height)?;
    if stride < width * 4 {
        return Err(ScanError::Stride { width, stride });
    }
    let needed = bytes_needed(width * 4, height, stride);
    if pixels.len() < needed {
        return Err(ScanError::Length { needed, got: pixels.len() });
    }
    let mut luma = Vec::with_capacity(width as usize * height as usize);
    for line in pixels.chunks(stride as usize).take(height as usize) {
        let (quads, _) = line.as_chunks::<4>();
        luma.extend(quads.iter().take(width as usize).map(|quad| grey(*quad)));
    }
    Ok(luma)
}

/// Brightness by the weights of ITU-R BT.601, in 1/256.
fn grey(r: u8, g: u8, b: u8) -> u8 {
    ((u32::from(r) * 77 + u32::from(g) * 150 + u32::from(b) * 29 + 128) >> 8) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_become_their_brightness() {
        let red_then_white = [255, 0, 0, 255, 255, 255, 255, 0, 9, 9];
        assert_eq!(luma_from_rgba(&red_then_white, 2, 1, 10), Ok(vec![77, 255]));
        assert_eq!(luma_from_bgra(&red_then_white, 2, 1, 10), Ok(vec![29, 255]));
    }

    #[test]
    fn padding_is_dropped() {
        let nv21 = [1, 2, 0, 3, 4, 0, 128, 128, 0];
        assert_eq!(luma_from_nv21(&nv21, 2, 2, 3), Ok(vec![1, 2, 3, 4]));
    }

    #[test]
    fn wrong_sizes_are_told_apart() {
        assert_eq!(luma_from_rgba(&[], 0, 1, 4), Err(ScanError::Empty));
        assert_eq!(luma_from_rgba(&[0; 8], 2, 1, 7), Err(ScanError::Stride { width: 2, stride: 7 }));
        assert_eq!(luma_from_bgra(&[0; 7], 2, 1, 8), Err(ScanError::Length { needed: 8, got: 7 }));
        assert_eq!(luma_from_nv21(&[0; 4], 2, 2, 2), Err(ScanError::Length { needed: 6, got: 4 }));
        assert_eq!(luma_from_nv21(&[], 1 << 15, 1, 1 << 15), Err(ScanError::TooLarge { width: 1 << 15, height: 1 }));
    }
}
