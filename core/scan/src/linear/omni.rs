//! GS1 DataBar Omnidirectional, Truncated and Stacked, from the edges of lines (ISO/IEC 24724 section 5). Owns: the two halves
//! of a symbol, wherever in the picture they are. Must never: combine halves that were not each seen on two lines, or whose
//! check value is wrong.
//!
//! A symbol is two halves, each an outer character, a finder and an inner character. In a stacked symbol they lie in two rows, and a
//! slanted line crosses one half only. So halves are collected over all lines of a pass:
//!
//! 1. Every 21 elements of a line are compared with the nine finders.
//! 2. The characters beside the finder are rounded to whole modules. If a sum is odd where the standard wants it even, the element
//!    that was rounded the farthest is corrected by one.
//! 3. A half that two lines showed is combined with the only half of the other side whose check value fits.

use super::databar;
use super::reading::fit;

/// Widths of the finders by their value, starting on the side of the outer character.
const FINDERS: [[u8; 5]; 9] = [
    [3, 8, 2, 1, 1],
    [3, 5, 5, 1, 1],
    [3, 3, 7, 1, 1],
    [3, 1, 9, 1, 1],
    [2, 7, 4, 1, 1],
    [2, 5, 6, 1, 1],
    [2, 3, 8, 1, 1],
    [1, 5, 7, 1, 1],
    [1, 3, 9, 1, 1],
];
/// Elements of a half: outer character, finder, inner character.
const HALF: usize = 21;
/// Most halves remembered of one picture.
const MAX_HALVES: usize = 256;
/// Added to the number of a symbol that has a composite component.
const FLAG: u64 = 10_000_000_000_000;
/// Largest squared deviation of a finder, in modules.
const FINDER_FIT: f32 = 1.2;

/// One half of a symbol, as a line shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Half {
    /// Whether the symbol runs against the direction of the line.
    backwards: bool,
    right: bool,
    value: u32,
    check: u32,
    finder: u32,
}

/// The halves seen on the lines of one direction, each with its lines.
#[derive(Default)]
pub(crate) struct Halves(Vec<(Half, Vec<u32>)>);

impl Halves {
    /// Reads a line. Returns element strings, each with the first and last edge of the half that completed the symbol.
    pub(crate) fn read(&mut self, edges: &[f32], line: u32, backwards: bool) -> Vec<(String, usize, usize)> {
        let mut out = Vec::new();
        for first in 0..(edges.len() + 1).saturating_sub(HALF + 1) {
            let Some(half) = half(edges, first, backwards) else { continue };
            let room = self.0.len() < MAX_HALVES;
            let known = self.0.iter_mut().find(|(known, _)| *known == half);
            match known {
                Some((_, lines)) if !lines.contains(&line) => lines.push(line),
                Some(_) => {}
                None if room => self.0.push((half, vec![line])),
                None => {}
            }
            out.extend(self.complete(&half).map(|text| (text, first, first + HALF)));
        }
        out
    }

    /// The element string of a half and of the other half that fits it; `None` if several fit.
    fn complete(&self, half: &Half) -> Option<String> {
        let confirmed = |half: &Half| self.0.iter().any(|(known, lines)| known == half && lines.len() >= 2);
        let fits = |other: &&Half| {
            other.right != half.right && other.backwards == half.backwards && {
                let (left, right) = if half.right { (*other, half) } else { (half, *other) };
                matches(left, right)
            }
        };
        let mut others = self.0.iter().filter(|(_, lines)| lines.len() >= 2).map(|(half, _)| half).filter(fits);
        let other = others.next().filter(|_| confirmed(half))?;
        if others.next().is_some() {
            return None;
        }
        let (left, right) = if half.right { (other, half) } else { (half, other) };
        let number = 4_537_077 * u64::from(left.value) + u64::from(right.value);
        // Numbers from 10^13 on carry the flag of a composite component, which is not part of the GTIN.
        (number < 2 * FLAG).then(|| databar::omnidirectional(&format!("{:013}", number % FLAG)))?
    }
}

/// Whether the check value of two halves is the one that their finders encode.
fn matches(left: &Half, right: &Half) -> bool {
    let sum = (left.check + 16 * right.check) % 79;
    let mut encoded = 9 * left.finder + right.finder;
    encoded -= u32::from(encoded > 72);
    encoded -= u32::from(encoded > 8);
    sum == encoded
}

/// The half whose outer character begins with element `first`.
fn half(edges: &[f32], first: usize, backwards: bool) -> Option<Half> {
    let at = edges.get(first..=first + HALF)?;
    let finder = at.get(8..14)?;
    let all = finder.last()? - finder.first()?;
    let module = all / 15.0;
    // Outer and inner character are 16 and 15 modules, like the finder's 15.
    let (outer, inner) = ((at.get(8)? - at.first()?) / module, (at.last()? - at.get(13)?) / module);
    if !(13.0..19.0).contains(&outer) || !(12.2..17.8).contains(&inner) {
        return None;
    }
    let widths = widths(finder, 15.0);
    let score = |pattern: &[u8; 5]| fit(&remove_spread(&widths, pattern), pattern).0;
    let (value, best) = FINDERS.iter().map(score).enumerate().min_by(|a, b| a.1.total_cmp(&b.1))?;
    if best > FINDER_FIT {
        return None;
    }
    let spread = spread(&widths, FINDERS.get(value)?);
    // The first element of the finder has the colour of the first elements of the characters.
    let outer = character(&character_widths(at.get(..9)?, 16.0, spread), true)?;
    let mut inside = character_widths(at.get(13..)?, 15.0, -spread);
    inside.reverse();
    let inner = character(&inside, false)?;
    // Seen from its outer end, a left half begins with a space and a right half with a bar.
    let right = first.is_multiple_of(2);
    Some(Half {
        backwards: backwards != right,
        right,
        value: 1597 * outer.0 + inner.0,
        check: (outer.1 + 4 * inner.1) % 79,
        finder: u32::try_from(value).ok()?,
    })
}

/// Widths of elements in modules; together they are `modules` wide.
fn widths(edges: &[f32], modules: f32) -> Vec<f32> {
    let all = edges.last().copied().unwrap_or(0.0) - edges.first().copied().unwrap_or(0.0);
    edges
        .windows(2)
        .map(|w| match w {
            [a, b] => (b - a) / all * modules,
            _ => 0.0,
        })
        .collect()
}

/// How much wider than nominal the elements of the first colour are.
fn spread(widths: &[f32], pattern: &[u8; 5]) -> f32 {
    let deviations = widths.iter().zip(pattern).enumerate().map(|(k, (w, p))| {
        let d = w - f32::from(*p);
        if k % 2 == 0 { d } else { -d }
    });
    deviations.sum::<f32>() / 5.0
}

/// The widths with the spread removed that fits the pattern best.
fn remove_spread(widths: &[f32], pattern: &[u8; 5]) -> Vec<f32> {
    let s = spread(widths, pattern);
    widths.iter().enumerate().map(|(k, w)| if k % 2 == 0 { w - s } else { w + s }).collect()
}

/// Widths of a character in modules, with a known spread removed.
fn character_widths(edges: &[f32], modules: f32, spread: f32) -> Vec<f32> {
    let found = widths(edges, modules);
    found.iter().enumerate().map(|(k, w)| if k % 2 == 0 { w - spread } else { w + spread }).collect()
}

/// Value and check portion of a character of eight elements.
fn character(widths: &[f32], outer: bool) -> Option<(u32, u32)> {
    let counts: Vec<i32> = widths.iter().map(|w| (w + 0.5).clamp(1.0, 8.9) as i32).collect();
    let mut counts: [i32; 8] = counts.try_into().ok()?;
    let sum = |counts: &[i32; 8], parity: usize| counts.iter().skip(parity).step_by(2).sum::<i32>();
    let modules = if outer { 16 } else { 15 };
    // The sums of the odd and of the even elements are even numbers; that of the odd ones of an inner character is odd.
    let bad = |counts: &[i32; 8], parity: usize| (sum(counts, parity) % 2 != 0) == (outer || parity == 1);
    let excess = sum(&counts, 0) + sum(&counts, 1) - modules;
    let (odd, even) = (bad(&counts, 0), bad(&counts, 1));
    let mut shift = |parity: usize, by: i32| {
        // The element that was rounded the farthest in that direction.
        let doubt = |k: &usize| widths.get(*k).zip(counts.get(*k)).map_or(0.0, |(w, c)| (w - *c as f32) * by as f32);
        let worst = (parity..8).step_by(2).max_by(|a, b| doubt(a).total_cmp(&doubt(b)));
        if let Some(count) = worst.and_then(|k| counts.get_mut(k)) {
            *count += by;
        }
    };
    match (excess, odd, even) {
        (0, false, false) => {}
        (1 | -1, true, false) => shift(0, -excess),
        (1 | -1, false, true) => shift(1, -excess),
        _ => return None,
    }
    if counts.iter().any(|c| !(1..=8).contains(c)) {
        return None;
    }
    let part = |parity: usize| {
        let found: Vec<u32> = counts.iter().skip(parity).step_by(2).map(|c| *c as u32).collect();
        <[u32; 4]>::try_from(found).ok()
    };
    let (odd, even) = (part(0)?, part(1)?);
    let portion = |counts: &[u32; 4]| counts.iter().rev().fold(0, |sum, c| sum * 9 + c);
    let check = portion(&odd) + 3 * portion(&even);
    let value = if outer {
        let group = group(12, odd.iter().sum())?;
        let (widest, total, start) =
            *[(8, 1, 0), (6, 10, 161), (4, 34, 961), (3, 70, 2015), (1, 126, 2715)].get(group)?;
        rank(&odd, widest, false)? * total + rank(&even, 9 - widest, true)? + start
    } else {
        let group = group(10, even.iter().sum())?;
        let (widest, total, start) = *[(2, 4, 0), (4, 20, 336), (6, 48, 1036), (8, 81, 1516)].get(group)?;
        rank(&even, 9 - widest, false)? * total + rank(&odd, widest, true)? + start
    };
    Some((value, check))
}

/// Index of the group of characters whose elements of one parity have this sum.
fn group(most: u32, sum: u32) -> Option<usize> {
    (sum >= 4 && sum <= most).then_some(((most - sum) / 2) as usize)
}

/// Index of four widths in the list of all widths with the same sum and none above `widest`. With `narrow` the list has only
/// those with an element of one module.
fn rank(widths: &[u32; 4], widest: u32, narrow: bool) -> Option<u32> {
    if widths.iter().any(|w| *w > widest) || (narrow && !widths.contains(&1)) {
        return None;
    }
    let sum: u32 = widths.iter().sum();
    let mut before = 0;
    for a in 1..=widest {
        for b in 1..=widest {
            for c in 1..=widest {
                let Some(d) = sum.checked_sub(a + b + c).filter(|d| (1..=widest).contains(d)) else { continue };
                if narrow && ![a, b, c, d].contains(&1) {
                    continue;
                }
                if [a, b, c, d] == *widths {
                    return Some(before);
                }
                before += 1;
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Edges of widths in modules of three pixels, after a quiet zone.
    fn edges(widths: &[f32]) -> Vec<f32> {
        let mut at = 10.0;
        let mut found = vec![0.0, at];
        for w in widths {
            at += 3.0 * w;
            found.push(at);
        }
        found
    }

    #[test]
    fn the_lists_are_as_long_as_the_standard_says() {
        // The last index of each list is one less than its length in the standard.
        assert_eq!(rank(&[6, 2, 1, 1], 6, false), Some(79));
        assert_eq!(rank(&[3, 1, 1, 1], 3, true), Some(9));
        assert_eq!(rank(&[5, 1, 1, 1], 5, true), Some(33));
        assert_eq!(rank(&[2, 2, 2, 2], 5, true), None, "no element of one module");
        assert_eq!(rank(&[7, 1, 1, 1], 6, false), None);
    }

    #[test]
    fn a_half_is_known_by_its_finder_and_survives_the_spread_of_ink() {
        let outer = [1.0, 1.0, 1.0, 1.0, 6.0, 2.0, 2.0, 2.0];
        let finder = [3.0, 5.0, 5.0, 1.0, 1.0];
        let inner = [1.0, 2.0, 1.0, 1.0, 1.0, 4.0, 1.0, 4.0];
        let drawn: Vec<f32> = [&outer[..], &finder, &inner].concat();
        let spread: Vec<f32> =
            drawn.iter().enumerate().map(|(k, w)| if k % 2 == 0 { w + 0.25 } else { w - 0.25 }).collect();
        let (plain, wide) = (half(&edges(&drawn), 1, false), half(&edges(&spread), 1, false));
        assert_eq!(plain.unwrap().finder, 1);
        assert_eq!(plain, wide);
        assert!(!plain.unwrap().right && !plain.unwrap().backwards);
    }

    #[test]
    fn halves_on_one_line_are_not_enough() {
        let half = |right| Half { backwards: false, right, value: 1, check: 0, finder: 0 };
        assert!(matches(&half(false), &half(true)));
        let mut halves = Halves(vec![(half(false), vec![1, 2]), (half(true), vec![1])]);
        assert_eq!(halves.complete(&half(false)), None);
        halves.0[1].1.push(2);
        assert_eq!(halves.complete(&half(false)).as_deref(), Some("0100000045370786"));
    }
}
