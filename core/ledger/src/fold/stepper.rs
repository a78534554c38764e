//! The dance between a batch of ops and a store: what to load, in which order, and what to write at the end.
//!
//! Owns the order of requests. Must never load or write anything itself.

use std::collections::{BTreeMap, BTreeSet};

use stocksync_schemas::{Lane, Location, ReplicaId};

use super::incremental::CellFold;
use super::liveness::{Liveness, VoidWalk};
use super::requests::{CellHistory, CellNeeds, FoldBatch, FoldWrite, HistoryNeed, LoadedCells, StoredOp};
use super::voids::VoidOp;
use super::{Entry, OpStamp};

/// What a [`Fold`] needs next. Everything is asked for as it was before the batch.
#[derive(Debug)]
pub enum Step {
    /// The highest seq that the store holds of each of these replicas; those of which it holds nothing may be left out.
    /// Answer with [`Fold::on_lane_heads`].
    LaneHeads(BTreeSet<ReplicaId>),
    /// The ops in these lanes, rejected ones included; lanes that the store does not hold are left out. Answer with
    /// [`Fold::on_ops`].
    Ops(BTreeSet<Lane>),
    /// Every void that is in, or names something in, one of these lanes. Rejected voids are left out. Answer with
    /// [`Fold::on_voids`].
    Voids(BTreeSet<Lane>),
    /// States of cells, and sessions. Answer with [`Fold::on_cells`].
    Cells(CellNeeds),
    /// The live complete closes of each location past a position, in any order; they are found by an index, without their
    /// bodies. Ops without a position are past every position. Locations that have none are left out. Answer with
    /// [`Fold::on_complete_closes`].
    CompleteCloses(BTreeMap<Location, u64>),
    /// One history for each need, in the same order. Answer with [`Fold::on_histories`].
    Histories(Vec<HistoryNeed>),
    /// Nothing more is needed: write this.
    Done(Box<FoldWrite>),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    LaneHeads,
    NamedOps,
    Voids,
    FlippedOps,
    Cells,
    CompleteCloses,
    Histories,
    Done,
}

/// One batch on its way through the fold.
///
/// The caller asks for the next [`Step`], loads **exactly** what that names, and gives it to the method that the step
/// names; the same step is asked for again until then, and an answer that was not asked for changes nothing. It ends with
/// [`Step::Done`] and all that is to be written in the same transaction. A batch of movements asks for at most one step of
/// each kind, and for no history.
///
/// ```
/// use stocksync_ledger::fold::{Fold, FoldBatch, LoadedCells, Step};
/// use stocksync_ledger::Entry;
/// use stocksync_schemas::{
///     Acceptance, Body, BootId, CaptureTime, Lane, Location, Move, MovementLine, Op, ReplicaId, UserId, VariantId,
/// };
///
/// // Five pieces arrive at a shelf.
/// let shelf = Location([0xA1; 16]);
/// let line = MovementLine {
///     variant: VariantId([1; 16]), lot: String::new(), quantity: 5_000, entered: String::new(), unit_cost: None,
/// };
/// let receipt = Move {
///     from: Location::SUPPLIER, to: shelf, lines: vec![line], reason: String::new(), reference: String::new(),
/// };
/// let lane = Lane { replica: ReplicaId([7; 16]), seq: 1 };
/// let captured = CaptureTime { wall_ms: 10, boot_ms: 10, boot: BootId::default(), took_ms: 0 };
/// let op = Op::new(lane, captured, UserId::default(), Body::Move(receipt));
/// let acceptance = Acceptance { position: 1, began: 10, ended: 10, uncertainty: 1, past: 0, own_past: 0 };
///
/// let mut fold = Fold::new(FoldBatch { new: vec![Entry::new(op, acceptance)], ..FoldBatch::default() });
/// let write = loop {
///     match fold.step() {
///         // A store that is still empty answers everything with nothing.
///         Step::LaneHeads(_) => fold.on_lane_heads(Default::default()),
///         Step::Ops(_) => fold.on_ops(Vec::new()),
///         Step::Voids(_) => fold.on_voids(Vec::new()),
///         Step::Cells(_) => fold.on_cells(LoadedCells::default()),
///         Step::CompleteCloses(_) => fold.on_complete_closes(Default::default()),
///         Step::Histories(needs) => fold.on_histories(vec![Default::default(); needs.len()]),
///         Step::Done(write) => break write,
///     }
/// };
/// let on_shelf = write.cells.iter().find(|(cell, _)| cell.location == shelf).unwrap().1;
/// assert_eq!(on_shelf.state.view().on_hand, 5_000);
/// assert!(write.new[0].live);
/// ```
#[derive(Debug, Default)]
pub struct Fold {
    stage: Stage,
    batch: FoldBatch,
    out_of_order: BTreeSet<Lane>,
    stored: BTreeMap<Lane, StoredOp>,
    walk: VoidWalk,
    liveness: Liveness,
    cells: CellFold,
    write: FoldWrite,
}

impl Fold {
    /// Takes a batch.
    #[must_use]
    pub fn new(batch: FoldBatch) -> Self {
        Self { batch, ..Self::default() }
    }

    /// What is needed next. Asking again gives the same step, except that [`Step::Done`] hands its write over once.
    #[must_use]
    pub fn step(&mut self) -> Step {
        loop {
            let request = match self.stage {
                Stage::LaneHeads => wanted(self.replicas()).map(Step::LaneHeads),
                Stage::NamedOps => wanted(self.batch.named_lanes()).map(Step::Ops),
                Stage::Voids => wanted(self.walk.missing()).map(Step::Voids),
                Stage::FlippedOps => wanted(self.flipped()).map(Step::Ops),
                Stage::Cells => {
                    let needs = self.cells.needs();
                    (needs != CellNeeds::default()).then_some(Step::Cells(needs))
                }
                Stage::CompleteCloses => {
                    let past = self.cells.unknown_closes_past();
                    (!past.is_empty()).then_some(Step::CompleteCloses(past))
                }
                Stage::Histories => {
                    let needs = self.cells.histories();
                    (!needs.is_empty()).then_some(Step::Histories(needs))
                }
                Stage::Done => Some(Step::Done(Box::new(std::mem::take(&mut self.write)))),
            };
            if let Some(request) = request {
                return request;
            }
            self.skip();
        }
    }

    /// Goes on where a stage needs nothing.
    fn skip(&mut self) {
        match self.stage {
            Stage::LaneHeads => self.on_lane_heads(BTreeMap::new()),
            Stage::NamedOps | Stage::FlippedOps => self.on_ops(Vec::new()),
            Stage::Voids => self.stage = Stage::FlippedOps,
            Stage::Cells => self.on_cells(LoadedCells::default()),
            Stage::CompleteCloses => self.on_complete_closes(BTreeMap::new()),
            Stage::Histories => self.on_histories(Vec::new()),
            Stage::Done => {}
        }
    }

    /// Takes the answer to [`Step::LaneHeads`].
    pub fn on_lane_heads(&mut self, mut highest: BTreeMap<ReplicaId, u64>) {
        if self.stage != Stage::LaneHeads {
            return;
        }
        // An op that arrives behind a later one of its own replica may have been known to ops that are folded already.
        for lane in self.batch.new.iter().map(|entry| entry.op.lane) {
            let known = highest.entry(lane.replica).or_default();
            if lane.seq < *known {
                self.out_of_order.insert(lane);
            }
            *known = lane.seq.max(*known);
        }
        self.stage = Stage::NamedOps;
    }

    /// Takes the answer to [`Step::Ops`].
    pub fn on_ops(&mut self, found: Vec<StoredOp>) {
        let found = found.into_iter().map(|op| (op.entry.op.lane, op));
        match self.stage {
            Stage::NamedOps => {
                self.stored.extend(found);
                self.walk = VoidWalk::new(&self.batch, &self.stored);
                self.stage = Stage::Voids;
            }
            Stage::FlippedOps => {
                self.stored.extend(found);
                let (batch, stored) = (std::mem::take(&mut self.batch), std::mem::take(&mut self.stored));
                self.liveness = self.walk.evaluate().apply(batch, stored);
                self.cells = CellFold::new(&self.liveness, std::mem::take(&mut self.out_of_order));
                self.stage = Stage::Cells;
            }
            _ => {}
        }
    }

    /// Takes the answer to [`Step::Voids`].
    pub fn on_voids(&mut self, found: Vec<VoidOp>) {
        if self.stage == Stage::Voids {
            self.walk.add(self.walk.missing(), found);
        }
    }

    /// Takes the answer to [`Step::Cells`].
    pub fn on_cells(&mut self, loaded: LoadedCells) {
        if self.stage == Stage::Cells {
            self.cells.load(self.cells.needs(), loaded);
            self.stage = Stage::CompleteCloses;
        }
    }

    /// Takes the answer to [`Step::CompleteCloses`].
    pub fn on_complete_closes(&mut self, closes: BTreeMap<Location, Vec<OpStamp>>) {
        if self.stage == Stage::CompleteCloses {
            self.cells.run(closes);
            self.stage = Stage::Histories;
        }
    }

    /// Takes the answer to [`Step::Histories`].
    pub fn on_histories(&mut self, histories: Vec<CellHistory>) {
        if self.stage != Stage::Histories {
            return;
        }
        let cells = std::mem::take(&mut self.cells);
        let needs: Vec<HistoryNeed> = cells.histories();
        let Liveness { new, decoded, accepted, rejected, dropped, changed, .. } = std::mem::take(&mut self.liveness);
        let gone: BTreeSet<Lane> = dropped.iter().map(|entry| entry.op.lane).collect();
        let revived: BTreeSet<Lane> = decoded.iter().map(|op| op.entry.op.lane).collect();
        let stays = |lane: &Lane| !gone.contains(lane) && !revived.contains(lane);
        let changed = changed.into_iter().filter(|change| stays(&change.entry.op.lane)).collect();
        self.write =
            FoldWrite { new, decoded, accepted, rejected, dropped, changed, cells: cells.finish(&needs, histories) };
        self.stage = Stage::Done;
    }

    fn replicas(&self) -> BTreeSet<ReplicaId> {
        self.batch.new.iter().map(|entry| entry.op.lane.replica).collect()
    }

    /// Lanes of stored ops that the batch does not name and whose liveness may change.
    fn flipped(&self) -> BTreeSet<Lane> {
        let own = self.batch.new.iter().chain(&self.batch.decoded).map(|entry| entry.op.lane);
        let own: BTreeSet<Lane> = own.chain(self.stored.keys().copied()).collect();
        self.walk.evaluate().flipped(|lane| own.contains(lane))
    }
}

impl FoldBatch {
    /// Lanes of stored ops that the batch names.
    fn named_lanes(&self) -> BTreeSet<Lane> {
        let accepted = self.accepted.iter().map(|entry: &Entry| entry.op.lane);
        accepted.chain(self.rejected.iter().copied()).chain(self.dropped.iter().copied()).collect()
    }

    /// Whether a stored op leaves the set of ops that count.
    pub(super) fn leaves(&self, lane: &Lane) -> bool {
        self.rejected.contains(lane) || self.dropped.contains(lane)
    }
}

fn wanted<T>(set: BTreeSet<T>) -> Option<BTreeSet<T>> {
    (!set.is_empty()).then_some(set)
}
