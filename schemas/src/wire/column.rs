//! One column: a sequence of 64-bit integers whose number both sides know.
//!
//! Owns the coding described in README.md, section 9. Must never allocate by a number that the bytes themselves claim.
//!
//! All arithmetic wraps at 64 bits, in both directions alike, so that every sequence has a coding and every coding is a
//! sequence; whether the values make sense is checked where they are used.

use prost::encoding::{decode_varint, encode_varint, encoded_len_varint};

use super::WireError;

/// All values are the same.
const CONSTANT: u8 = 0;
/// Each value's steps above the base as a varint.
const VARINTS: u8 = 1;
/// Each value's steps above the base in the same number of bits.
const PACKED: u8 = 2;
/// As packed, but a value whose bits are all ones is completed by a varint that follows after all packed values and is added
/// to it. So a few large values do not widen the small ones.
const ESCAPED: u8 = 3;
/// Flag of the coding: the first value is written separately, and the others are differences to their predecessor.
const DELTA: u8 = 4;

/// Signed to unsigned, so that small negative numbers stay short.
fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)).cast_unsigned()
}

/// The inverse of [`zigzag`].
fn unzigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -((value & 1).cast_signed())
}

/// The bytes of `values`; none where all are 0.
pub(super) fn write(values: &[i64]) -> Vec<u8> {
    if values.iter().all(|value| *value == 0) {
        return Vec::new();
    }
    let plain = ColumnCoding::of(values);
    let Some((first, rest)) = values.split_first() else { return Vec::new() };
    let deltas: Vec<i64> = values.iter().zip(rest).map(|(before, after)| after.wrapping_sub(*before)).collect();
    let delta = ColumnCoding::of(&deltas);
    let mut bytes = Vec::new();
    if rest.is_empty() || plain.size <= delta.size + encoded_len_varint(zigzag(*first)) {
        bytes.push(plain.coding);
        plain.write(values, &mut bytes);
    } else {
        bytes.push(delta.coding | DELTA);
        encode_varint(zigzag(*first), &mut bytes);
        delta.write(&deltas, &mut bytes);
    }
    bytes
}

/// The coding chosen for a sequence.
struct ColumnCoding {
    base: i64,
    /// Every value is the base plus a multiple of this; 0 if all are the base.
    step: u64,
    coding: u8,
    /// Bits of a packed value.
    width: u32,
    /// About how many bytes follow the coding's byte.
    size: usize,
}

impl ColumnCoding {
    /// The shortest coding of `values`.
    fn of(values: &[i64]) -> Self {
        let base = values.iter().copied().min().unwrap_or(0);
        let above = || values.iter().map(|value| value.wrapping_sub(base).cast_unsigned());
        let step = above().fold(0, gcd);
        // How many values need how many bits.
        let mut bits = [0_usize; 65];
        for distance in above() {
            let length = u64::BITS - distance.checked_div(step).unwrap_or(0).leading_zeros();
            if let Some(count) = bits.get_mut(length as usize) {
                *count += 1;
            }
        }
        let head = encoded_len_varint(zigzag(base)) + encoded_len_varint(step);
        let (coding, width, size) = if step == 0 { (CONSTANT, 0, 0) } else { cheapest(&bits, values.len()) };
        Self { base, step, coding, width, size: head + size }
    }

    /// Appends the coded values, without the byte of the coding.
    fn write(&self, values: &[i64], bytes: &mut Vec<u8>) {
        encode_varint(zigzag(self.base), bytes);
        if self.coding == CONSTANT {
            return;
        }
        encode_varint(self.step, bytes);
        let steps = || {
            let above = values.iter().map(|value| value.wrapping_sub(self.base).cast_unsigned());
            above.map(|steps| steps.checked_div(self.step).unwrap_or(0))
        };
        if self.coding == VARINTS {
            steps().for_each(|steps| encode_varint(steps, bytes));
            return;
        }
        bytes.push(u8::try_from(self.width).unwrap_or(64));
        let escape = if self.coding == ESCAPED { ones(self.width) } else { u64::MAX };
        pack(steps().map(|steps| steps.min(escape)), self.width, bytes);
        if self.coding == ESCAPED {
            steps().filter_map(|steps| steps.checked_sub(escape)).for_each(|over| encode_varint(over, bytes));
        }
    }
}

/// The coding, its width and its bytes for `count` values, of which `bits[n]` need n bits.
fn cheapest(bits: &[usize; 65], count: usize) -> (u8, u32, usize) {
    let varint = |length: usize| length.max(1).div_ceil(7);
    let lengths = || bits.iter().copied().enumerate().filter(|(_, values)| *values > 0);
    let widest = lengths().map(|(length, _)| length).max().unwrap_or(0);
    let packed = |width: usize| (count * width).div_ceil(8) + 1;
    let all_varints = lengths().map(|(length, values)| values * varint(length)).sum::<usize>();
    let escaped = |width: usize| {
        // A value of exactly `width` bits escapes only if all of them are set: counted as if none did, except where the
        // only such value is 1.
        let over = lengths().filter(|(length, _)| *length > width || *length == 1 && width == 1);
        packed(width) + over.map(|(length, values)| values * varint(length)).sum::<usize>()
    };
    let whole = [(VARINTS, 0, all_varints), (PACKED, widest, packed(widest))];
    let choices = whole.into_iter().chain((1..widest).map(|width| (ESCAPED, width, escaped(width))));
    let best = choices.min_by_key(|(_, _, size)| *size);
    best.map_or((VARINTS, 0, 0), |(coding, width, size)| (coding, width as u32, size))
}

/// The largest number of `width` bits, 1 to 64.
fn ones(width: u32) -> u64 {
    u64::MAX.checked_shr(u64::BITS.saturating_sub(width)).unwrap_or(0)
}

/// Greatest common divisor; 0 is neutral.
fn gcd(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// Writes the low `width` bits of each value, lowest bit first.
fn pack(values: impl Iterator<Item = u64>, width: u32, bytes: &mut Vec<u8>) {
    let (mut buffer, mut bits) = (0_u128, 0_u32);
    for value in values {
        buffer |= u128::from(value) << bits;
        bits += width;
        while bits >= 8 {
            bytes.push((buffer & 0xff) as u8);
            buffer >>= 8;
            bits -= 8;
        }
    }
    if bits > 0 {
        bytes.push((buffer & 0xff) as u8);
    }
}

/// Reads `count` values of `width` bits; `bytes` holds them all.
fn unpack(bytes: &[u8], width: u32, count: usize) -> Vec<u64> {
    let mask = u128::from(ones(width));
    let mut source = bytes.iter();
    let (mut buffer, mut bits) = (0_u128, 0_u32);
    (0..count)
        .map(|_| {
            while bits < width {
                buffer |= u128::from(source.next().copied().unwrap_or(0)) << bits;
                bits += 8;
            }
            let value = (buffer & mask) as u64;
            buffer >>= width;
            bits -= width;
            value
        })
        .collect()
}

/// A column being read, value by value.
pub(super) struct Column {
    name: &'static str,
    values: std::vec::IntoIter<i64>,
}

impl Column {
    /// Reads exactly `count` values, a number the caller has bounded.
    pub(super) fn read(name: &'static str, bytes: &[u8], count: usize) -> Result<Self, WireError> {
        let values = read(bytes, count).ok_or(WireError::Columns(name))?;
        Ok(Self { name, values: values.into_iter() })
    }

    /// The next value.
    pub(super) fn next(&mut self) -> Result<i64, WireError> {
        self.values.next().ok_or(WireError::Columns(self.name))
    }

    /// The next value, the same 64 bits without a sign.
    pub(super) fn next_u64(&mut self) -> Result<u64, WireError> {
        self.next().map(i64::cast_unsigned)
    }

    /// The next value, which must fit.
    pub(super) fn next_u32(&mut self) -> Result<u32, WireError> {
        u32::try_from(self.next()?).map_err(|_| WireError::Columns(self.name))
    }

    /// The next value, which must not be negative.
    pub(super) fn next_index(&mut self) -> Result<usize, WireError> {
        usize::try_from(self.next()?).map_err(|_| WireError::Columns(self.name))
    }

    /// The values not taken yet.
    pub(super) fn rest(&self) -> &[i64] {
        self.values.as_slice()
    }
}

/// Decodes exactly `count` values; `None` if the bytes are not a column of that many.
fn read(mut bytes: &[u8], count: usize) -> Option<Vec<i64>> {
    let Some((&header, rest)) = bytes.split_first() else { return Some(vec![0; count]) };
    bytes = rest;
    if count == 0 {
        return None;
    }
    if header & DELTA == 0 {
        return read_plain(header, bytes, count);
    }
    let first = unzigzag(varint(&mut bytes)?);
    let deltas = read_plain(header & !DELTA, bytes, count - 1)?;
    let mut values = Vec::with_capacity(count);
    values.push(first);
    values.extend(deltas.iter().scan(first, |value, delta| {
        *value = value.wrapping_add(*delta);
        Some(*value)
    }));
    Some(values)
}

/// Decodes values without the difference coding.
fn read_plain(coding: u8, mut bytes: &[u8], count: usize) -> Option<Vec<i64>> {
    let base = unzigzag(varint(&mut bytes)?);
    if coding == CONSTANT {
        return bytes.is_empty().then(|| vec![base; count]);
    }
    let step = varint(&mut bytes)?;
    let value = |steps: u64| base.wrapping_add(steps.wrapping_mul(step).cast_signed());
    match coding {
        VARINTS => {
            if bytes.len() < count {
                return None;
            }
            let values = (0..count).map(|_| varint(&mut bytes).map(value)).collect::<Option<Vec<_>>>()?;
            bytes.is_empty().then_some(values)
        }
        PACKED | ESCAPED => {
            let (&width, packed) = bytes.split_first()?;
            let width = u32::from(width);
            if !(1..=64).contains(&width) {
                return None;
            }
            let (packed, mut after) = packed.split_at_checked((count * width as usize).div_ceil(8))?;
            let mut steps = unpack(packed, width, count);
            if coding == ESCAPED {
                for value in steps.iter_mut().filter(|value| **value == ones(width)) {
                    *value = value.checked_add(varint(&mut after)?)?;
                }
            }
            after.is_empty().then(|| steps.into_iter().map(value).collect())
        }
        _ => None,
    }
}

/// The next varint, and the rest of the bytes.
fn varint(bytes: &mut &[u8]) -> Option<u64> {
    decode_varint(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(values: &[i64]) -> usize {
        let bytes = write(values);
        assert_eq!(read(&bytes, values.len()).as_deref(), Some(values));
        bytes.len()
    }

    #[test]
    fn columns_read_back_whatever_they_hold() {
        assert_eq!(round(&[]), 0);
        assert_eq!(round(&[0; 9]), 0);
        assert_eq!(round(&[7; 900]), 2);
        assert_eq!(round(&[1, 2, 3, 4, 5, 6, 7]), 3);
        round(&[i64::MIN, i64::MAX, 0, -1, 1]);
        round(&[i64::MAX, i64::MIN]);
        round(&[i64::MIN; 3]);
        round(&[3000, 5000, -4000, 1000]);
        assert_eq!(round(&[1000, 2000, 3000, 1000, 9000, 2000, 3000, 1000]), 9);
        // Many of one bit, one of forty: an escape of two bits, not forty for all.
        let mut rare = [0, 1].repeat(200);
        rare.push(1 << 40);
        assert!(round(&rare) < 60 * 2);
        let mut state = 1_u64;
        for width in 0..64_u32 {
            let values: Vec<i64> = (0..50)
                .map(|_| {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    (state >> width).cast_signed()
                })
                .collect();
            round(&values);
        }
    }

    #[test]
    fn columns_that_lie_about_their_length_are_refused() {
        assert_eq!(read(&[CONSTANT], 3), None, "no base");
        assert_eq!(read(&[CONSTANT, 2, 0], 3), None, "bytes left over");
        assert_eq!(read(&[VARINTS, 0, 1, 1, 2], 3), None, "a value missing");
        assert_eq!(read(&[PACKED, 0, 1, 0, 1], 3), None, "no bits");
        assert_eq!(read(&[PACKED, 0, 1, 65, 1], 1), None, "too many bits");
        assert_eq!(read(&[PACKED, 0, 1, 8, 1, 2], 3), None, "a byte missing");
        assert_eq!(read(&[PACKED, 0, 1, 8, 1, 2, 3, 4], 3), None, "a byte too many");
        assert_eq!(read(&[ESCAPED, 0, 1, 2, 0b11], 1), None, "an escape without its varint");
        assert_eq!(read(&[ESCAPED, 0, 1, 64, 255, 255, 255, 255, 255, 255, 255, 255, 1], 1), None, "beyond 64 bits");
        assert_eq!(read(&[8, 0, 1, 8, 1, 2], 3), None, "unknown coding");
        assert_eq!(read(&[CONSTANT, 2], 0), None, "bytes where no value is");
    }
}
