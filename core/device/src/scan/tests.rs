use super::*;

fn frame(luma: &[u8], width: u32, height: u32) -> Frame<'_> {
    Frame::new(luma, width, height)
}

#[test]
fn sizes_that_do_not_fit_are_told_apart() {
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
        for mode in [Mode::Live, Mode::Still, Mode::Every] {
            assert_eq!(scan(&frame, mode), Err(error));
        }
        assert_eq!(Scanner::new().next(&frame), Err(error));
    }
}

#[test]
fn a_panic_inside_is_an_error_outside() {
    let answer: Result<(), _> = guarded(|| panic!("this message is part of a passing test"));
    assert_eq!(answer, Err(ScanError::Decoder));
}

/// SplitMix64: the frames below must be the same on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}

/// Stripes, cells, noise or a mixture, of odd sizes.
fn hostile(random: &mut Random) -> (Vec<u8>, u32, u32) {
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
                1 => Random(salt ^ (x / cell)).below(2) * 230,
                2 => Random(salt ^ (x / cell) ^ ((y / cell) << 20)).below(2) * 230,
                3 => (x / cell + y / cell) % period * 255 / period,
                _ => 40 + Random(salt ^ (x / cell)).below(2) * 150 + random.below(30),
            };
            pixels.push(pixel.min(255) as u8);
        }
    }
    (pixels, width as u32, height as u32)
}

#[test]
fn hostile_frames_neither_fail_nor_read_as_anything_and_answers_repeat() {
    let mut random = Random(2024);
    let mut scanner = [Scanner::new(), Scanner::new()];
    for round in 0..120 {
        let (pixels, width, height) = hostile(&mut random);
        let frame = frame(&pixels, width, height);
        let answer = scan(&frame, Mode::Every).unwrap();
        assert!(answer.is_empty(), "round {round}: {answer:?}");
        let [one, two] = &mut scanner;
        assert_eq!(one.next(&frame), two.next(&frame), "round {round}");
    }
}
