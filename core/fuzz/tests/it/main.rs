//! Checks the seed inputs of all targets and a few mutations of each: a short, seeded version of `cargo xtask fuzz`.
#![cfg(test)]

use stocksync_fuzz::FuzzTarget;

/// SplitMix64: the same inputs in every run.
struct MutationRng(u64);

impl MutationRng {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % limit.max(1) as u64) as usize
    }
}

/// Changes a few bytes, truncates, or copies a part to another offset.
fn mutate(seed: &[u8], rng: &mut MutationRng) -> Vec<u8> {
    let mut data = seed.to_vec();
    for _ in 0..=rng.below(6) {
        let at = rng.below(data.len());
        match rng.below(8) {
            0 => data.truncate(at),
            1 => data.insert(at, rng.below(256) as u8),
            2 => {
                let piece = data[at..(at + rng.below(40)).min(data.len())].to_vec();
                let to = rng.below(data.len());
                data.splice(to..to, piece);
            }
            3 => data[rng.below(15).min(at)] = rng.below(256) as u8,
            _ => data[at] = rng.below(256) as u8,
        }
        if data.is_empty() {
            break;
        }
    }
    data
}

fn run(target: FuzzTarget, step: usize, mutations: usize) {
    let seeds = target.seeds().unwrap();
    assert!(seeds.len() > 5, "{target:?}");
    let mut rng = MutationRng(1);
    for seed in seeds.iter().step_by(step) {
        target.check(seed);
        for _ in 0..mutations {
            target.check(&mutate(seed, &mut rng));
        }
    }
}

#[test]
fn frames() {
    run(FuzzTarget::Frame, 15, 2);
}

#[test]
fn texts() {
    run(FuzzTarget::Text, 1, 100);
}

#[test]
fn messages() {
    run(FuzzTarget::Wire, 1, 200);
}

#[test]
fn most_frame_seeds_contain_a_readable_code() {
    use stocksync_scan::{Frame, ScanMode, scan};
    let readable = FuzzTarget::Frame.seeds().unwrap().into_iter().step_by(10).filter(|seed| {
        let number = |at: usize| u32::from(seed[at]) | u32::from(seed[at + 1]) << 8;
        let frame = Frame::new(&seed[15..], number(1), number(3));
        !scan(&frame, ScanMode::Still).unwrap().is_empty()
    });
    assert!(readable.count() > 20, "too few seeds contain a readable code");
}
