//! A desk to work a shift at. Owns the catalogue and the clock of the shift tests.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use stocksync_core::identity::SystemIds;
use stocksync_core::records::RecordEdit;
use stocksync_core::shift::{
    Scan, ScanSource, ShiftCommand, ShiftInput, ShiftMode, ShiftOutcome, ShiftSignal, command_label, location_label,
};
use stocksync_core::time::{Clock, ClockReading};
use stocksync_core::{Enrolment, Inventory};
use stocksync_gs1::check_digit;
use stocksync_ledger::records::{Edit, FieldValue};
use stocksync_schemas::{BootId, Cell, DeviceId, Location, RecordId, TenantId, VariantId};

pub const TEA: &str = "4006381333931";

pub struct Watch(pub AtomicI64);

impl Clock for Watch {
    fn read(&self) -> ClockReading {
        let ms = self.0.load(Ordering::SeqCst);
        ClockReading { wall_ms: 1_790_000_000_000 + ms, boot_ms: ms, boot: BootId([1; 16]) }
    }
}

/// A person at work: a device, a watch, three variants, two locations.
pub struct Desk {
    pub folder: tempfile::TempDir,
    pub watch: Arc<Watch>,
    pub inventory: Inventory,
    pub tea: VariantId,
    pub cheese: VariantId,
    pub drill: VariantId,
    pub aisle: Location,
    pub dock: Location,
}

pub fn open(folder: &tempfile::TempDir, watch: &Arc<Watch>) -> Inventory {
    let clock = Arc::clone(watch) as Arc<dyn Clock>;
    Inventory::open_with(&folder.path().join("a.sqlite"), clock, Arc::new(SystemIds)).unwrap()
}

pub fn text(text: &str) -> FieldValue {
    FieldValue::Text(text.to_owned())
}

pub fn make(inventory: &Inventory, collection: &str, fields: &[(&str, FieldValue)]) -> RecordId {
    let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    let edit = Edit { fields, deleted: None };
    inventory.edit(vec![RecordEdit { collection: collection.to_owned(), id: None, edit }]).unwrap()[0]
}

pub fn variant(inventory: &Inventory, name: &str, tracking: &str, code: (&str, &str), pack: (i64, i64)) -> VariantId {
    counted_in(inventory, name, tracking, ("each", 0), code, pack)
}

pub fn counted_in(
    inventory: &Inventory,
    name: &str,
    tracking: &str,
    (unit, decimals): (&str, i64),
    code: (&str, &str),
    pack: (i64, i64),
) -> VariantId {
    let product = make(inventory, "products", &[("name", text(name)), ("status", text("active"))]);
    let fields = [
        ("product", text(&product.to_string())),
        ("status", text("active")),
        ("unit", text(unit)),
        ("decimals", FieldValue::Integer(decimals)),
        ("tracking", text(tracking)),
    ];
    let variant = VariantId(make(inventory, "variants", &fields).0);
    name_it(inventory, variant, code, pack);
    variant
}

pub fn name_it(inventory: &Inventory, variant: VariantId, code: (&str, &str), pack: (i64, i64)) {
    inventory.edit(vec![RecordEdit::identifier(variant, code.0, code.1, pack)]).unwrap();
}

pub fn gtin(digits: &str) -> String {
    format!("{digits}{}", check_digit(digits).unwrap())
}

impl Desk {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let watch = Arc::new(Watch(AtomicI64::new(1_000_000)));
        let inventory = open(&folder, &watch);
        let enrolment = Enrolment {
            tenant: TenantId([1; 16]),
            device: DeviceId([2; 16]),
            server: "http://localhost".into(),
            credential: "secret".into(),
        };
        inventory.set_enrolment(&enrolment).unwrap();
        let location = |name: &str, code: &str| {
            let fields = [("name", text(name)), ("kind", text("bin")), ("code", text(code))];
            Location(make(&inventory, "locations", &fields).0)
        };
        let (aisle, dock) = (location("Aisle 1", "A-01"), location("Dock", "DOCK"));
        let tea = variant(&inventory, "Tea", "none", ("gtin", &format!("0{TEA}")), (1, 1));
        let cheese = variant(&inventory, "Cheese", "lot", ("gtin", &gtin("0950110153000")), (1, 1));
        let drill = variant(&inventory, "Drill", "serial", ("gtin", &gtin("0950110153001")), (1, 1));
        Self { folder, watch, inventory, tea, cheese, drill, aisle, dock }
    }

    pub fn pass(&self, ms: i64) {
        self.watch.0.fetch_add(ms, Ordering::SeqCst);
    }

    pub fn does(&self, input: ShiftInput) -> ShiftOutcome {
        self.pass(100);
        self.inventory.shift(input).unwrap()
    }

    pub fn pull(&self, code: &str) -> ShiftOutcome {
        self.does(ShiftInput::Scan(Scan { text: code.to_owned(), aim: None, source: ScanSource::Scanner }))
    }

    pub fn press(&self, command: ShiftCommand) -> ShiftOutcome {
        self.does(ShiftInput::Command(command))
    }

    /// By the labels on the wall.
    pub fn starts(&self, mode: ShiftMode, location: &str) {
        assert_eq!(self.pull(&command_label(ShiftCommand::Mode(mode))).signal, Some(ShiftSignal::Success));
        assert_eq!(self.pull(&location_label(location).unwrap()).signal, Some(ShiftSignal::Success));
    }

    /// So many packs of a code arrive.
    pub fn receives(&self, location: &str, packs: u32, code: &str) {
        self.starts(ShiftMode::Receive, location);
        self.press(ShiftCommand::Times(packs));
        assert_eq!(self.pull(code).signal, Some(ShiftSignal::Success));
    }

    pub fn on_hand(&self, variant: VariantId, location: Location, lot: &str) -> i64 {
        self.inventory.balance(&Cell { variant, location, lot: lot.to_owned() }).unwrap().on_hand
    }

    pub fn killed(self) -> Self {
        let Self { folder, watch, inventory, tea, cheese, drill, aisle, dock } = self;
        drop(inventory);
        let inventory = open(&folder, &watch);
        Self { folder, watch, inventory, tea, cheese, drill, aisle, dock }
    }

    /// Killed, and its file damaged on the disk: what begins so is no JSON any more.
    pub fn damaged(self, begins: &str) -> Self {
        let Self { folder, watch, inventory, tea, cheese, drill, aisle, dock } = self;
        drop(inventory);
        let path = folder.path().join("a.sqlite");
        let mut bytes = std::fs::read(&path).unwrap();
        let found: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(begins.as_bytes())).collect();
        assert!(!found.is_empty(), "{begins} rests nowhere");
        for at in found {
            bytes[at + begins.len() - 1] = b'#';
        }
        std::fs::write(&path, bytes).unwrap();
        let inventory = open(&folder, &watch);
        Self { folder, watch, inventory, tea, cheese, drill, aisle, dock }
    }

    pub fn acts(&self) -> usize {
        self.inventory.ops(None, 500).unwrap().iter().filter(|row| row.entry.op.kind.0 != 5).count()
    }
}
