//! Data Matrix, Aztec and QR codes drawn as cameras see them.

use rxing::aztec::encoder::aztec_encoder;

use crate::*;

type Dark = Vec<Vec<bool>>;

fn data_matrix(text: &str) -> Dark {
    let modules = encode::data_matrix(text, false).unwrap();
    modules.dark.chunks(modules.width).map(<[bool]>::to_vec).collect()
}

fn aztec(text: &str) -> Dark {
    let code = aztec_encoder::encode(text, 33, 0).unwrap();
    let matrix = code.getMatrix();
    (0..matrix.height()).map(|y| (0..matrix.width()).map(|x| matrix.get(x, y)).collect()).collect()
}

fn qr_code(text: &str) -> Dark {
    let modules = encode::qr(text, false).unwrap();
    modules.dark.chunks(modules.width).map(<[bool]>::to_vec).collect()
}

fn transposed(dark: &Dark) -> Dark {
    (0..dark[0].len()).map(|x| dark.iter().map(|row| row[x]).collect()).collect()
}

/// How a camera shows a code.
#[derive(Clone, Copy)]
struct Camera {
    /// Pixels of a module.
    pixels: f32,
    degrees: f32,
    /// Perspective: how much farther away the right and the lower end are.
    lean: (f32, f32),
    /// Radius of the bottle the code is on, in widths of the code.
    bottle: Option<f32>,
    light: f32,
    dark: f32,
    /// Share of the light that reaches the left half.
    shadow: f32,
    noise: u64,
}

const STILL: Camera = Camera {
    pixels: 6.0,
    degrees: 0.0,
    lean: (0.0, 0.0),
    bottle: None,
    light: 210.0,
    dark: 40.0,
    shadow: 1.0,
    noise: 6,
};

const WIDTH: u32 = 400;
const HEIGHT: u32 = 320;

fn picture(code: &Dark, camera: Camera) -> Vec<u8> {
    const FINE: u32 = 3;
    let mut random = tests::PixelRandom(7);
    let (rows, columns) = (code.len() as f32, code[0].len() as f32);
    let (sin, cos) = camera.degrees.to_radians().sin_cos();
    let module = |x: f32, y: f32| -> Option<bool> {
        let (x, y) = (x - WIDTH as f32 / 2.0, y - HEIGHT as f32 / 2.0);
        let (mut u, mut v) = ((x * cos + y * sin) / camera.pixels, (y * cos - x * sin) / camera.pixels);
        let depth = 1.0 - camera.lean.0 * u / columns - camera.lean.1 * v / rows;
        (u, v) = (u / depth, v / depth);
        if let Some(radius) = camera.bottle {
            u = Some(u / (radius * columns)).filter(|sine| sine.abs() < 1.0)?.asin() * radius * columns;
        }
        let (i, j) = ((u + columns / 2.0).floor(), (v + rows / 2.0).floor());
        code.get(Some(j).filter(|j| *j >= 0.0)? as usize)?.get(Some(i).filter(|i| *i >= 0.0)? as usize).copied()
    };
    let mut pixels = Vec::new();
    for y in 0..HEIGHT {
        for x in 0..WIDTH {
            let mut sum = 0.0;
            for k in 0..FINE * FINE {
                let part = |whole: u32, k: u32| whole as f32 + (k as f32 + 0.5) / FINE as f32;
                let dark = module(part(x, k % FINE), part(y, k / FINE)).unwrap_or(false);
                sum += if dark { camera.dark } else { camera.light };
            }
            let shadow = if x < WIDTH / 2 { camera.shadow } else { 1.0 };
            let noise = random.below(2 * camera.noise + 1) as f32 - camera.noise as f32;
            pixels.push((sum / (FINE * FINE) as f32 * shadow + noise).clamp(0.0, 255.0) as u8);
        }
    }
    pixels
}

fn read(pixels: &[u8], mode: ScanMode) -> Vec<(BarcodeFormat, String)> {
    let symbols = scan(&Frame::new(pixels, WIDTH, HEIGHT), mode).unwrap();
    symbols.into_iter().map(|symbol| (symbol.format, symbol.text)).collect()
}

fn cameras() -> [(&'static str, Camera); 9] {
    [
        ("straight", STILL),
        ("turned", Camera { degrees: 33.0, ..STILL }),
        ("on its corner", Camera { degrees: -135.0, ..STILL }),
        ("leaning", Camera { lean: (0.2, 0.15), degrees: 12.0, ..STILL }),
        ("on a bottle", Camera { bottle: Some(0.8), ..STILL }),
        ("faint", Camera { light: 150.0, dark: 108.0, noise: 2, ..STILL }),
        ("half in shadow", Camera { shadow: 0.45, ..STILL }),
        ("small", Camera { pixels: 2.6, degrees: 4.0, ..STILL }),
        ("light on dark", Camera { light: 40.0, dark: 210.0, ..STILL }),
    ]
}

#[test]
fn data_matrix_codes_are_read_turned_leaning_bent_faint_and_small() {
    for text in ["LOT 4711-0815", "a text long enough for a symbol of four regions, which is read one by one"] {
        for (how, camera) in cameras() {
            let found = read(&picture(&data_matrix(text), camera), ScanMode::Still);
            assert_eq!(found, [(BarcodeFormat::DataMatrix, text.to_owned())], "{how}");
        }
    }
}

#[test]
fn aztec_codes_are_read_turned_leaning_bent_faint_and_small() {
    for text in
        ["LOT 4711", "a text long enough for the larger kind of symbol, with its reference grid around the rings"]
    {
        for (how, camera) in cameras() {
            let found = read(&picture(&aztec(text), camera), ScanMode::Still);
            assert_eq!(found, [(BarcodeFormat::Aztec, text.to_owned())], "{how}");
        }
    }
}

#[test]
fn qr_codes_are_read_turned_leaning_bent_faint_and_small() {
    for text in ["LOC:A-01-02", "https://example.org/item/4711?lot=0815&expiry=2027-01-31"] {
        for (how, camera) in cameras() {
            let found = read(&picture(&qr_code(text), camera), ScanMode::Still);
            assert_eq!(found, [(BarcodeFormat::Qr, text.to_owned())], "{how}");
        }
    }
}

#[test]
fn square_codes_are_read_in_a_mirror() {
    let camera = Camera { degrees: 20.0, ..STILL };
    for (format, code) in
        [(BarcodeFormat::DataMatrix, data_matrix("MIRROR 1")), (BarcodeFormat::Aztec, aztec("MIRROR 1"))]
    {
        let found = read(&picture(&transposed(&code), camera), ScanMode::Still);
        assert_eq!(found, [(format, "MIRROR 1".to_owned())]);
    }
}

/// A print head that slows down: each column is narrower than the one before.
#[test]
fn data_matrix_columns_need_not_be_even() {
    let code = data_matrix("SLOWER AND SLOWER");
    let edges: Vec<f32> =
        (0..=code[0].len()).scan(60.0, |at, k| Some(std::mem::replace(at, *at + 9.0 - 0.25 * k as f32))).collect();
    let dark = |x: u32, y: u32| {
        let column = edges.windows(2).position(|w| (w[0]..w[1]).contains(&(x as f32)))?;
        code.get((y as usize).checked_sub(60)? / 7)?.get(column).copied()
    };
    let pixels: Vec<u8> =
        (0..HEIGHT * WIDTH).map(|k| if dark(k % WIDTH, k / WIDTH).unwrap_or(false) { 30 } else { 220 }).collect();
    assert_eq!(read(&pixels, ScanMode::Live), [(BarcodeFormat::DataMatrix, "SLOWER AND SLOWER".to_owned())]);
}

#[test]
fn a_symbol_that_sets_up_a_reader_is_read_as_what_it_says() {
    let code = aztec_encoder::encode("init", 33, -1).unwrap();
    let mut dark = aztec("init");
    assert_eq!((dark.len(), code.getLayers()), (15, 1));
    // The mode message around the rings, with an impossible number of words.
    let message = aztec_encoder::generateModeMessage(true, 1, code.getCodeWords() + 0x20).unwrap();
    for k in 0..7 {
        let along = 4 + k;
        dark[2][along] = message.get(k);
        dark[along][12] = message.get(k + 7);
        dark[12][along] = message.get(20 - k);
        dark[along][2] = message.get(27 - k);
    }
    assert_eq!(read(&picture(&dark, STILL), ScanMode::Still), [(BarcodeFormat::Aztec, "init".to_owned())]);
}

/// The borders of a symbol around random modules.
#[test]
fn borders_without_a_code_are_not_read() {
    let mut random = tests::PixelRandom(5);
    for side in [10, 12, 18, 26] {
        for _ in 0..12 {
            let dark: Dark = (0..side)
                .map(|y| {
                    (0..side)
                        .map(|x| match (x, y) {
                            (0, _) => true,
                            (_, y) if y + 1 == side => true,
                            (x, 0) => x % 2 == 0,
                            (x, y) if x + 1 == side => y % 2 == 1,
                            _ => random.below(2) == 0,
                        })
                        .collect()
                })
                .collect();
            assert_eq!(read(&picture(&dark, Camera { degrees: 9.0, ..STILL }), ScanMode::Still), []);
        }
    }
}

/// A wall of tiles that look like the corners of QR codes, or like the centres of Aztec codes: they can be combined in thousands
/// of ways, of which only a few may be tried.
#[test]
fn walls_of_finders_are_no_codes() {
    for (tile, rings) in [(9i32, [0, 1, 3]), (17, [0, 2, 4]), (17, [1, 3, 5])] {
        let dark = |x: i32, y: i32| {
            let off = |at: i32| (at / 4 % tile - tile / 2).abs();
            rings.contains(&off(x).max(off(y)))
        };
        let (width, height) = (WIDTH as i32, HEIGHT as i32);
        let pixels: Vec<u8> = (0..width * height).map(|k| if dark(k % width, k / width) { 20 } else { 230 }).collect();
        assert_eq!(read(&pixels, ScanMode::Every), []);
    }
}
