//! Every seed and some mutations of each: a short run of what `cargo xtask fuzz` does for as long as it is let.
#![cfg(test)]

use stocksync_fuzz::Target;

/// SplitMix64: the same inputs in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % limit.max(1) as u64) as usize
    }
}

/// Changes a few bytes, cuts the end off, or copies a piece to another place.
fn mutate(seed: &[u8], random: &mut Random) -> Vec<u8> {
    let mut data = seed.to_vec();
    for _ in 0..=random.below(6) {
        let at = random.below(data.len());
        match random.below(8) {
            0 => data.truncate(at),
            1 => data.insert(at, random.below(256) as u8),
            2 => {
                let piece = data[at..(at + random.below(40)).min(data.len())].to_vec();
                let to = random.below(data.len());
                data.splice(to..to, piece);
            }
            3 => data[random.below(15).min(at)] = random.below(256) as u8,
            _ => data[at] = random.below(256) as u8,
        }
        if data.is_empty() {
            break;
        }
    }
    data
}

fn run(target: Target, every: usize, mutations: usize) {
    let seeds = target.seeds().unwrap();
    assert!(seeds.len() > 5, "{target:?}");
    let mut random = Random(1);
    for seed in seeds.iter().step_by(every) {
        target.check(seed);
        for _ in 0..mutations {
            target.check(&mutate(seed, &mut random));
        }
    }
}

#[test]
fn frames() {
    run(Target::Frame, 15, 2);
}

#[test]
fn texts() {
    run(Target::Text, 1, 100);
}

#[test]
fn messages() {
    run(Target::Wire, 1, 200);
}

#[test]
fn seeds_reach_what_they_are_seeds_of() {
    use stocksync_scan::{Frame, ScanMode, scan};
    let read = Target::Frame.seeds().unwrap().into_iter().step_by(10).filter(|seed| {
        let number = |at: usize| u32::from(seed[at]) | u32::from(seed[at + 1]) << 8;
        let frame = Frame::new(&seed[15..], number(1), number(3));
        !scan(&frame, ScanMode::Still).unwrap().is_empty()
    });
    assert!(read.count() > 20, "most seeds hold a code");
}
