//! The bodies of a batch of ops: column groups for `move` and `count`, canonical bytes for all others.
//!
//! Owns which body goes where. Must give back every body with the canonical bytes it had.

use super::WireError;
use super::column::{self, Column};
use super::dictionary::{self, Entries, TextWriter, Texts, Writer};
use super::pb::exchange as pb;
use crate::body::{Body, Cell, Cost, Count, Line, Move};
use crate::ids::{Location, SessionId, VariantId};
use crate::limits::{BODY_BYTES, LINES};
use crate::op::{Kind, Op};

/// Location indices below this are virtual ones.
const VIRTUAL: u8 = 16;
/// Fewest canonical bytes of a line: 2 + 16 of the variant, 2 around it.
const LINE_BYTES: usize = 20;

fn virtual_locations() -> impl Iterator<Item = [u8; 16]> {
    (0..VIRTUAL).map(|last| (u128::from(last)).to_be_bytes())
}

/// Whether the columns can hold this op: its body is what its kind and version say.
pub(super) fn fits(op: &Op) -> bool {
    match &op.body {
        Body::Opaque(_) => !(op.version == 1 && (Kind::MOVE.0..=Kind::RECORD.0).contains(&op.kind.0)),
        Body::Move(it) => op.body.kind() == (op.kind, op.version) && (1..=LINES).contains(&it.lines.len()),
        _ => op.body.kind() == (op.kind, op.version),
    }
}

/// Gathers bodies in order.
pub(super) struct BodyWriter {
    variants: Writer<[u8; 16]>,
    locations: Writer<[u8; 16]>,
    sessions: Writer<[u8; 16]>,
    texts: TextWriter,
    things: Writer<(i64, i64)>,
    routes: Writer<(i64, i64, i64)>,
    costs: Writer<(i64, i64)>,
    moves: MoveColumns,
    counts: CountColumns,
    lengths: Vec<i64>,
    others: Vec<u8>,
}

#[derive(Default)]
struct MoveColumns {
    route: Vec<i64>,
    reference: Vec<i64>,
    lines: Vec<i64>,
    thing: Vec<i64>,
    quantity: Vec<i64>,
    entered: Vec<i64>,
    cost: Vec<i64>,
}

#[derive(Default)]
struct CountColumns {
    thing: Vec<i64>,
    location: Vec<i64>,
    counted: Vec<i64>,
    session: Vec<i64>,
    expects: Vec<i64>,
    off: Vec<i64>,
}

impl BodyWriter {
    pub(super) fn new() -> Self {
        Self {
            variants: Writer::new(),
            locations: Writer::after(virtual_locations()),
            sessions: Writer::new(),
            texts: dictionary::texts(),
            things: Writer::new(),
            routes: Writer::new(),
            costs: Writer::new(),
            moves: MoveColumns::default(),
            counts: CountColumns::default(),
            lengths: Vec::new(),
            others: Vec::new(),
        }
    }

    pub(super) fn push(&mut self, body: &Body) {
        match body {
            Body::Move(it) => self.movement(it),
            Body::Count(it) => self.count(it),
            other => {
                let bytes = other.encode();
                self.lengths.push(bytes.len() as i64);
                self.others.extend_from_slice(&bytes);
            }
        }
    }

    fn thing(&mut self, variant: &VariantId, lot: &String) -> i64 {
        let thing = (self.variants.name(&variant.0), self.texts.name(lot));
        self.things.name(&thing)
    }

    fn movement(&mut self, it: &Move) {
        let route = (self.locations.name(&it.from.0), self.locations.name(&it.to.0), self.texts.name(&it.reason));
        self.moves.route.push(self.routes.name(&route));
        self.moves.reference.push(self.texts.name(&it.reference));
        self.moves.lines.push(it.lines.len() as i64 - 1);
        for line in &it.lines {
            let thing = self.thing(&line.variant, &line.lot);
            self.moves.thing.push(thing);
            self.moves.quantity.push(line.quantity);
            self.moves.entered.push(self.texts.name(&line.entered));
            let cost = line.unit_cost.as_ref().map_or(0, |cost| {
                let currency = self.texts.name(&cost.currency);
                self.costs.name(&(cost.amount, currency)) + 1
            });
            self.moves.cost.push(cost);
        }
    }

    fn count(&mut self, it: &Count) {
        let thing = self.thing(&it.cell.variant, &it.cell.lot);
        self.counts.thing.push(thing);
        self.counts.location.push(self.locations.name(&it.cell.location.0));
        self.counts.counted.push(it.counted);
        self.counts.session.push(it.session.map_or(0, |session| self.sessions.name(&session.0) + 1));
        self.counts.expects.push(i64::from(it.expected.is_some()));
        self.counts.off.extend(it.expected.map(|expected| it.counted.wrapping_sub(expected)));
    }

    /// Puts all that was gathered into the message.
    pub(super) fn finish(self, ops: &mut pb::OpColumns) {
        ops.moves = (!self.moves.route.is_empty()).then(|| self.move_columns());
        ops.counts = (!self.counts.thing.is_empty()).then(|| self.count_columns());
        ops.dictionary = (ops.moves.is_some() || ops.counts.is_some()).then(|| self.dictionary());
        ops.others = (!self.lengths.is_empty())
            .then(|| pb::Others { length: column::write(&self.lengths), bodies: self.others });
    }

    fn dictionary(&self) -> pb::Dictionary {
        let (text_bytes, texts, text_length) = dictionary::text_fields(&self.texts);
        pb::Dictionary {
            variants: self.variants.bytes(),
            locations: self.locations.bytes(),
            sessions: self.sessions.bytes(),
            text_bytes,
            texts,
            text_length,
            things: self.things.sent().len() as u32,
            thing_variant: map(self.things.sent(), |thing| thing.0),
            thing_lot: map(self.things.sent(), |thing| thing.1),
        }
    }

    fn move_columns(&self) -> pb::Moves {
        let it = &self.moves;
        let routes = self.routes.sent();
        let costs = self.costs.sent();
        pb::Moves {
            routes: routes.len() as u32,
            route_from: map(routes, |route| route.0),
            route_to: map(routes, |route| route.1),
            route_reason: map(routes, |route| route.2),
            costs: costs.len() as u32,
            cost_amount: map(costs, |cost| cost.0),
            cost_currency: map(costs, |cost| cost.1),
            route: column::write(&it.route),
            reference: column::write(&it.reference),
            lines: column::write(&it.lines),
            thing: column::write(&it.thing),
            quantity: column::write(&it.quantity),
            entered: column::write(&it.entered),
            cost: column::write(&it.cost),
        }
    }

    fn count_columns(&self) -> pb::Counts {
        let it = &self.counts;
        pb::Counts {
            thing: column::write(&it.thing),
            location: column::write(&it.location),
            counted: column::write(&it.counted),
            session: column::write(&it.session),
            expects: column::write(&it.expects),
            off: column::write(&it.off),
        }
    }
}

fn map<T>(items: &[T], value: impl Fn(&T) -> i64) -> Vec<u8> {
    column::write(&items.iter().map(value).collect::<Vec<_>>())
}

/// How many ops of a batch have a body in each group.
#[derive(Default, Clone, Copy)]
pub(super) struct Groups {
    pub(super) moves: usize,
    pub(super) counts: usize,
    pub(super) others: usize,
}

impl Groups {
    pub(super) fn of(forms: impl Iterator<Item = (Kind, u32)>) -> Self {
        forms.fold(Self::default(), |mut groups, form| {
            match form {
                (Kind::MOVE, 1) => groups.moves += 1,
                (Kind::COUNT, 1) => groups.counts += 1,
                _ => groups.others += 1,
            }
            groups
        })
    }
}

/// Hands bodies out in order.
pub(super) struct BodyReader<'a> {
    texts: Texts<'a>,
    things: Entries<(VariantId, i64)>,
    locations: Entries<[u8; 16]>,
    sessions: Entries<[u8; 16]>,
    moves: MoveReader,
    counts: CountReader,
    lengths: Column,
    others: &'a [u8],
}

impl<'a> BodyReader<'a> {
    /// `budget` bounds the bodies of the batch together, bytes.
    pub(super) fn read(ops: &'a pb::OpColumns, groups: Groups, budget: usize) -> Result<Self, WireError> {
        static NONE: pb::Dictionary = EMPTY_DICTIONARY;
        let it = ops.dictionary.as_ref().unwrap_or(&NONE);
        let mut texts = Texts::read(&it.text_bytes, it.texts, &it.text_length, budget)?;
        let variants = dictionary::read_ids("variants", &[], &it.variants)?;
        let virtuals: Vec<_> = virtual_locations().collect();
        let moves = MoveReader::read(ops.moves.as_ref(), groups.moves, &mut texts)?;
        let others = ops.others.as_ref();
        let reader = Self {
            things: things(it, &variants)?,
            locations: dictionary::read_ids("locations", &virtuals, &it.locations)?,
            sessions: dictionary::read_ids("sessions", &[], &it.sessions)?,
            moves,
            counts: CountReader::read(ops.counts.as_ref(), groups.counts)?,
            lengths: Column::read("body length", others.map_or(&[], |it| it.length.as_slice()), groups.others)?,
            others: others.map_or(&[], |it| it.bodies.as_slice()),
            texts,
        };
        Ok(reader)
    }

    /// The next body of this form.
    pub(super) fn next(&mut self, kind: Kind, version: u32) -> Result<Body, WireError> {
        match (kind, version) {
            (Kind::MOVE, 1) => self.movement().map(Body::Move),
            (Kind::COUNT, 1) => self.count().map(Body::Count),
            _ => {
                let length = self.lengths.next_index()?;
                if length > BODY_BYTES {
                    return Err(WireError::TooLarge { limit: BODY_BYTES });
                }
                self.texts.spend(length)?;
                let (bytes, rest) = self.others.split_at_checked(length).ok_or(WireError::Columns("body length"))?;
                self.others = rest;
                Body::decode(kind, version, bytes).map_err(|_| WireError::Columns("bodies"))
            }
        }
    }

    /// Must be called after the last body: nothing may be left over.
    pub(super) fn finish(self) -> Result<(), WireError> {
        if self.others.is_empty() { Ok(()) } else { Err(WireError::Columns("bodies")) }
    }

    fn thing(&mut self, column: Thing) -> Result<(VariantId, String), WireError> {
        let column = match column {
            Thing::Line => &mut self.moves.thing,
            Thing::Count => &mut self.counts.thing,
        };
        let (variant, lot) = *self.things.get(column)?;
        Ok((variant, self.texts.at(lot)?))
    }

    fn movement(&mut self) -> Result<Move, WireError> {
        let (from, to, reason) = *self.moves.routes.get(&mut self.moves.route)?;
        let lines = self.moves.lines.next_index()?;
        Ok(Move {
            from: Location(*self.locations.at(from)?),
            to: Location(*self.locations.at(to)?),
            lines: (0..=lines).map(|_| self.line()).collect::<Result<_, _>>()?,
            reason: self.texts.at(reason)?,
            reference: self.texts.get(&mut self.moves.reference)?,
        })
    }

    fn line(&mut self) -> Result<Line, WireError> {
        let (variant, lot) = self.thing(Thing::Line)?;
        let unit_cost = match self.moves.costs.get_optional(&mut self.moves.cost)? {
            Some(&(amount, currency)) => Some(Cost { amount, currency: self.texts.at(currency)? }),
            None => None,
        };
        Ok(Line {
            variant,
            lot,
            quantity: self.moves.quantity.next()?,
            entered: self.texts.get(&mut self.moves.entered)?,
            unit_cost,
        })
    }

    fn count(&mut self) -> Result<Count, WireError> {
        let (variant, lot) = self.thing(Thing::Count)?;
        let location = Location(*self.locations.get(&mut self.counts.location)?);
        let counted = self.counts.counted.next()?;
        let session = self.sessions.get_optional(&mut self.counts.session)?.map(|id| SessionId(*id));
        let expected = match self.counts.expects.next()? {
            0 => None,
            1 => Some(counted.wrapping_sub(self.counts.off.next()?)),
            _ => return Err(WireError::Columns("expects")),
        };
        Ok(Count { cell: Cell { variant, location, lot }, counted, expected, session })
    }
}

#[derive(Clone, Copy)]
enum Thing {
    Line,
    Count,
}

const EMPTY_DICTIONARY: pb::Dictionary = pb::Dictionary {
    variants: Vec::new(),
    locations: Vec::new(),
    sessions: Vec::new(),
    text_bytes: Vec::new(),
    texts: 0,
    text_length: Vec::new(),
    things: 0,
    thing_variant: Vec::new(),
    thing_lot: Vec::new(),
};

/// More things than variants and texts together serve nobody.
fn things(it: &pb::Dictionary, variants: &Entries<[u8; 16]>) -> Result<Entries<(VariantId, i64)>, WireError> {
    let count = bounded("things", it.things)?;
    let mut variant = Column::read("thing_variant", &it.thing_variant, count)?;
    let mut lot = Column::read("thing_lot", &it.thing_lot, count)?;
    let items = (0..count)
        .map(|_| Ok((VariantId(*variants.get(&mut variant)?), lot.next()?)))
        .collect::<Result<_, WireError>>()?;
    Ok(Entries::of("things", items))
}

/// A number of dictionary entries that no batch needs to exceed.
fn bounded(name: &'static str, count: u32) -> Result<usize, WireError> {
    const MOST: u32 = 1 << 18;
    if count > MOST { Err(WireError::Columns(name)) } else { Ok(count as usize) }
}

struct MoveReader {
    routes: Entries<(i64, i64, i64)>,
    costs: Entries<(i64, i64)>,
    route: Column,
    reference: Column,
    lines: Column,
    thing: Column,
    quantity: Column,
    entered: Column,
    cost: Column,
}

impl MoveReader {
    fn read(it: Option<&pb::Moves>, count: usize, texts: &mut Texts<'_>) -> Result<Self, WireError> {
        let none = pb::Moves::default();
        let it = it.unwrap_or(&none);
        let lines = Column::read("lines", &it.lines, count)?;
        let mut total = 0;
        for more in lines.rest() {
            let more = usize::try_from(*more).ok().filter(|more| *more < LINES);
            total += more.ok_or(WireError::Columns("lines"))? + 1;
        }
        texts.spend(total * LINE_BYTES)?;
        Ok(Self {
            routes: Self::routes(it)?,
            costs: Self::costs(it)?,
            route: Column::read("route", &it.route, count)?,
            reference: Column::read("reference", &it.reference, count)?,
            lines,
            thing: Column::read("thing", &it.thing, total)?,
            quantity: Column::read("quantity", &it.quantity, total)?,
            entered: Column::read("entered", &it.entered, total)?,
            cost: Column::read("cost", &it.cost, total)?,
        })
    }

    fn routes(it: &pb::Moves) -> Result<Entries<(i64, i64, i64)>, WireError> {
        let count = bounded("routes", it.routes)?;
        let mut from = Column::read("route_from", &it.route_from, count)?;
        let mut to = Column::read("route_to", &it.route_to, count)?;
        let mut reason = Column::read("route_reason", &it.route_reason, count)?;
        let items = (0..count).map(|_| Ok((from.next()?, to.next()?, reason.next()?)));
        Ok(Entries::of("routes", items.collect::<Result<_, WireError>>()?))
    }

    fn costs(it: &pb::Moves) -> Result<Entries<(i64, i64)>, WireError> {
        let count = bounded("costs", it.costs)?;
        let mut amount = Column::read("cost_amount", &it.cost_amount, count)?;
        let mut currency = Column::read("cost_currency", &it.cost_currency, count)?;
        let items = (0..count).map(|_| Ok((amount.next()?, currency.next()?)));
        Ok(Entries::of("costs", items.collect::<Result<_, WireError>>()?))
    }
}

struct CountReader {
    thing: Column,
    location: Column,
    counted: Column,
    session: Column,
    expects: Column,
    off: Column,
}

impl CountReader {
    fn read(it: Option<&pb::Counts>, count: usize) -> Result<Self, WireError> {
        let none = pb::Counts::default();
        let it = it.unwrap_or(&none);
        let expects = Column::read("expects", &it.expects, count)?;
        let expectations = expects.rest().iter().filter(|value| **value == 1).count();
        Ok(Self {
            thing: Column::read("thing", &it.thing, count)?,
            location: Column::read("location", &it.location, count)?,
            counted: Column::read("counted", &it.counted, count)?,
            session: Column::read("session", &it.session, count)?,
            expects,
            off: Column::read("off", &it.off, expectations)?,
        })
    }
}
