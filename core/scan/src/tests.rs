use super::*;

fn frame(luma: &[u8], width: u32, height: u32) -> Frame<'_> {
    Frame::new(luma, width, height)
}

#[test]
fn sizes_that_do_not_fit_have_different_errors() {
    let pixels = vec![200u8; 100 * 50];
    let whole = frame(&pixels, 100, 50);
    let roi = |left, top, width, height| Frame { roi: Some(Roi { left, top, width, height }), ..whole };
    let cases = [
        (frame(&pixels, 0, 50), ScanError::Empty),
        (frame(&pixels, 100, 51), ScanError::Length { needed: 5100, got: 5000 }),
        (Frame { stride: 99, ..whole }, ScanError::Stride { width: 100, stride: 99 }),
        (Frame { stride: u32::MAX, ..whole }, ScanError::Length { needed: 49 * u32::MAX as usize + 100, got: 5000 }),
        (frame(&pixels, MAX_SIDE + 1, 1), ScanError::TooLarge { width: MAX_SIDE + 1, height: 1 }),
        (frame(&pixels, 8192, 8192), ScanError::TooLarge { width: 8192, height: 8192 }),
        (roi(0, 0, 0, 10), ScanError::Empty),
        (roi(90, 0, 11, 10), ScanError::Region),
        (roi(0, u32::MAX, 10, 10), ScanError::Region),
    ];
    for (frame, error) in cases {
        for mode in [ScanMode::Live, ScanMode::Still, ScanMode::Every] {
            assert_eq!(scan(&frame, mode), Err(error));
        }
        assert_eq!(Scanner::new().next(&frame), Err(error));
    }
}

#[test]
fn a_panic_inside_is_an_error_outside() {
    let answer: Result<(), _> = catch_panic(|| panic!("this message is part of a passing test"));
    assert_eq!(answer, Err(ScanError::Decoder));
}

/// SplitMix64, so that the frames below are the same on every machine.
pub(super) struct PixelRandom(pub(super) u64);

impl PixelRandom {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}

/// Stripes, cells, noise or a mixture, of odd sizes.
fn hostile(random: &mut PixelRandom) -> (Vec<u8>, u32, u32) {
    let (width, height) = match random.below(6) {
        0 => (1, 1 + random.below(300)),
        1 => (1 + random.below(300), 1),
        2 => (1 + random.below(48), 1 + random.below(48)),
        _ => (20 + random.below(180), 20 + random.below(140)),
    };
    let kind = random.below(5);
    let (cell, period) = (1 + random.below(9), 2 + random.below(12));
    let salt = random.next();
    let mut pixels = Vec::new();
    for y in 0..height {
        for x in 0..width {
            let pixel = match kind {
                0 => random.below(256),
                1 => PixelRandom(salt ^ (x / cell)).below(2) * 230,
                2 => PixelRandom(salt ^ (x / cell) ^ ((y / cell) << 20)).below(2) * 230,
                3 => (x / cell + y / cell) % period * 255 / period,
                _ => 40 + PixelRandom(salt ^ (x / cell)).below(2) * 150 + random.below(30),
            };
            pixels.push(pixel.min(255) as u8);
        }
    }
    (pixels, width as u32, height as u32)
}

#[test]
fn hostile_frames_neither_fail_nor_read_as_anything_and_answers_repeat() {
    let mut random = PixelRandom(2024);
    let mut scanner = [Scanner::new(), Scanner::new()];
    for round in 0..120 {
        let (pixels, width, height) = hostile(&mut random);
        let frame = frame(&pixels, width, height);
        let answer = scan(&frame, ScanMode::Every).unwrap();
        assert!(answer.is_empty(), "round {round}: {answer:?}");
        let [one, two] = &mut scanner;
        assert_eq!(one.next(&frame), two.next(&frame), "round {round}");
    }
}

/// An EAN-13 with its add-on, three pixels a module; `parities` says which digits of the add-on are of set G.
fn magazine(number: &str, add_on: &str, parities: u8) -> (Vec<u8>, u32, u32) {
    let digit = |byte: u8, of_set_g: bool| {
        let mut widths = linear::digits::DIGITS[usize::from(byte - b'0')];
        if of_set_g {
            widths.reverse();
        }
        widths
    };
    // Set G of the left digits after a 9: positions 2, 3 and 5 (ISO/IEC 15420).
    let sets = [false, true, true, false, true, false];
    assert!(number.starts_with('9'));
    let mut runs = vec![20, 1, 1, 1];
    for (byte, of_set_g) in number.bytes().skip(1).zip(sets) {
        runs.extend(digit(byte, of_set_g));
    }
    runs.extend([1; 5]);
    number.bytes().skip(7).for_each(|byte| runs.extend(digit(byte, false)));
    runs.extend([1, 1, 1, 9, 1, 1, 2]);
    for (k, byte) in add_on.bytes().enumerate() {
        if k > 0 {
            runs.extend([1, 1]);
        }
        runs.extend(digit(byte, parities >> (add_on.len() - 1 - k) & 1 == 1));
    }
    runs.push(20);
    let shades = [255u8, 0].into_iter().cycle();
    let row: Vec<u8> = runs.iter().zip(shades).flat_map(|(run, grey)| vec![grey; 3 * usize::from(*run)]).collect();
    (row.repeat(120), row.len() as u32, 120)
}

#[test]
fn add_ons_are_given_beside_the_number() {
    let (pixels, width, height) = magazine("9780201379624", "52495", 0x14);
    let turned: Vec<u8> = pixels.iter().rev().copied().collect();
    for pixels in [pixels, turned] {
        for mode in [ScanMode::Live, ScanMode::Still, ScanMode::Every] {
            let found = scan(&frame(&pixels, width, height), mode).unwrap();
            assert_eq!(found.len(), 1, "{mode:?}");
            assert_eq!((found[0].text.as_str(), found[0].aim.as_str()), ("9780201379624", "]E0"));
            assert_eq!(found[0].add_on.as_deref(), Some("52495"), "{mode:?}");
        }
    }
    let (pixels, width, height) = magazine("9780201379624", "52495", 0x11);
    let found = scan(&frame(&pixels, width, height), ScanMode::Still).unwrap();
    assert_eq!((found[0].text.as_str(), found[0].add_on.as_deref()), ("9780201379624", None), "its parity is wrong");
}
