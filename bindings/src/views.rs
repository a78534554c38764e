//! What several parts of the surface show: cells with names and units, balances, packs and measures.
//!
//! Owns their shapes and the conversion from the core's. Must never compute stock.

use std::collections::BTreeSet;

use stocksync_core::Inventory as Core;
use stocksync_core::inventory::{LocationInfo, Names, VariantInfo};
use stocksync_core::measure::LabelMeasure;
use stocksync_ledger::CellView as CellState;
use stocksync_schemas::{Cell, VariantId};

use crate::{LocationId, Quantity, StocksyncError};

/// What a balance belongs to, by ids.
#[derive(Debug, Clone, PartialEq, Eq, Hash, uniffi::Record)]
pub struct CellRef {
    /// The variant.
    pub variant: VariantId,
    /// The location, real or virtual.
    pub location: LocationId,
    /// Empty, `10:CODE` or `21:SERIAL`.
    #[uniffi(default = "")]
    pub lot: String,
}

/// A variant as a screen shows it.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct VariantView {
    /// Its id.
    pub id: VariantId,
    /// The product's name, and the variant's where it has one; empty if the record is not here.
    pub name: String,
    /// The variant's SKU, else the product's; may be empty.
    pub sku: String,
    /// Its base unit in people's words, such as `each` or `kg`; empty if the record is not here.
    pub unit: String,
    /// How many digits after the point people enter and see, 0 to 3.
    pub decimals: u32,
}

/// A location as a screen shows it.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct LocationView {
    /// Its id.
    pub id: LocationId,
    /// Its name; of a virtual location what its id says; empty if the record is not here.
    pub name: String,
    /// The code on its label; may be empty.
    pub code: String,
    /// Whether it is one of the virtual locations: supplier, customer, loss, scrap, in transit, production.
    pub is_virtual: bool,
}

/// What a balance belongs to, as a screen shows it.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct CellView {
    /// The variant.
    pub variant: VariantView,
    /// The location.
    pub location: LocationView,
    /// Empty, `10:CODE` or `21:SERIAL`.
    pub lot: String,
}

/// One cell's balance.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct BalanceView {
    /// Which cell.
    pub cell: CellView,
    /// What is there; below zero is shown truthfully.
    pub on_hand: Quantity,
    /// A count and a movement cannot be ordered: a person looks again.
    pub count_overlap: bool,
    /// Two people saw different shelves: a person looks again.
    pub count_conflict: bool,
    /// A session has counted here and was not closed.
    pub count_open: bool,
    /// The number left its range and says nothing.
    pub overflow: bool,
}

/// How many base units one scan is, as an exact fraction: a case of 12 is 12/1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, uniffi::Record)]
pub struct Pack {
    /// At least 1.
    #[uniffi(default = 1)]
    pub numerator: i64,
    /// At least 1.
    #[uniffi(default = 1)]
    pub denominator: i64,
}

/// What a measure on a label is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum MeasureKind {
    /// Weight of the goods.
    NetWeight,
    /// Weight with packaging.
    GrossWeight,
    /// Length, or first dimension.
    Length,
    /// Width, or second dimension.
    Width,
    /// Height, or third dimension.
    Height,
    /// Area.
    Area,
    /// Volume of the goods.
    NetVolume,
    /// Volume with packaging.
    Volume,
    /// Mass of one square metre.
    MassPerArea,
    /// A kind that this build does not know.
    Other,
}

/// The unit of a measure on a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum MeasureUnit {
    /// kg.
    Kilogram,
    /// lb.
    Pound,
    /// Ounce: of weight, or of volume where the kind is a volume.
    Ounce,
    /// Troy ounce.
    TroyOunce,
    /// m.
    Metre,
    /// in.
    Inch,
    /// ft.
    Foot,
    /// yd.
    Yard,
    /// m².
    SquareMetre,
    /// in².
    SquareInch,
    /// ft².
    SquareFoot,
    /// yd².
    SquareYard,
    /// l.
    Litre,
    /// m³.
    CubicMetre,
    /// in³.
    CubicInch,
    /// ft³.
    CubicFoot,
    /// yd³.
    CubicYard,
    /// Quart of the US.
    UsQuart,
    /// Gallon of the US.
    UsGallon,
    /// kg/m².
    KilogramPerSquareMetre,
    /// A unit that this build does not know.
    Other,
}

/// A measure on a label.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct MeasureView {
    /// Of what.
    pub kind: MeasureKind,
    /// In which unit.
    pub unit: MeasureUnit,
    /// The unit's sign for a screen: `kg`, `lb`, `m²`…
    pub symbol: String,
    /// Exactly as printed: `1.750`.
    pub value: String,
    /// In thousandths of that unit, to confirm with `ShiftInput.Amount` where the variant is counted in it; none where that
    /// would lose digits.
    pub quantity: Option<Quantity>,
    /// Of the whole logistic unit rather than of the goods.
    pub logistic: bool,
}

/// Numbers cross as `i64`; none of these comes near its end.
pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The ids of a page, and then their names.
#[derive(Default)]
pub(crate) struct Wanted {
    pub variants: BTreeSet<VariantId>,
    pub locations: BTreeSet<LocationId>,
}

impl Wanted {
    pub(crate) fn of_cells<'a>(cells: impl IntoIterator<Item = &'a Cell>) -> Self {
        let mut wanted = Self::default();
        for cell in cells {
            wanted.cell(cell);
        }
        wanted
    }

    pub(crate) fn cell(&mut self, cell: &Cell) {
        self.variants.insert(cell.variant);
        self.locations.insert(cell.location);
    }

    pub(crate) fn load(self, core: &Core) -> Result<Named, StocksyncError> {
        Ok(Named(core.names(&self.variants, &self.locations)?))
    }
}

/// Names by id.
pub(crate) struct Named(Names);

impl Named {
    pub(crate) fn variant(&self, id: VariantId) -> VariantView {
        let VariantInfo { name, sku, unit, decimals } = self.0.variants.get(&id).cloned().unwrap_or_default();
        VariantView { id, name, sku, unit, decimals }
    }

    pub(crate) fn location(&self, id: LocationId) -> LocationView {
        let LocationInfo { name, code } = self.0.locations.get(&id).cloned().unwrap_or_default();
        LocationView { id, name, code, is_virtual: id.is_virtual() }
    }

    pub(crate) fn cell(&self, cell: &Cell) -> CellView {
        CellView { variant: self.variant(cell.variant), location: self.location(cell.location), lot: cell.lot.clone() }
    }

    pub(crate) fn balance(&self, cell: &Cell, state: &CellState) -> BalanceView {
        BalanceView {
            cell: self.cell(cell),
            on_hand: Quantity(state.on_hand),
            count_overlap: state.count_overlap,
            count_conflict: state.count_conflict,
            count_open: state.count_open,
            overflow: state.overflow,
        }
    }
}

/// Balances with their names.
pub(crate) fn balances(core: &Core, rows: &[(Cell, CellState)]) -> Result<Vec<BalanceView>, StocksyncError> {
    let named = Wanted::of_cells(rows.iter().map(|(cell, _)| cell)).load(core)?;
    Ok(rows.iter().map(|(cell, state)| named.balance(cell, state)).collect())
}

impl From<CellRef> for Cell {
    fn from(cell: CellRef) -> Self {
        let CellRef { variant, location, lot } = cell;
        Self { variant, location, lot }
    }
}

impl From<&Cell> for CellRef {
    fn from(cell: &Cell) -> Self {
        Self { variant: cell.variant, location: cell.location, lot: cell.lot.clone() }
    }
}

impl From<LabelMeasure> for MeasureView {
    fn from(measure: LabelMeasure) -> Self {
        let quantity = measure.thousandths().map(Quantity);
        let LabelMeasure { name, unit, value, logistic } = measure;
        Self { kind: kind_of(&name), unit: unit_of(&unit), symbol: unit, value, quantity, logistic }
    }
}

/// The kind behind the words of the GS1 General Specifications.
fn kind_of(name: &str) -> MeasureKind {
    match name {
        "NET WEIGHT" => MeasureKind::NetWeight,
        "GROSS WEIGHT" => MeasureKind::GrossWeight,
        "LENGTH" => MeasureKind::Length,
        "WIDTH" => MeasureKind::Width,
        "HEIGHT" => MeasureKind::Height,
        "AREA" => MeasureKind::Area,
        "NET VOLUME" => MeasureKind::NetVolume,
        "VOLUME" => MeasureKind::Volume,
        "MASS PER AREA" => MeasureKind::MassPerArea,
        _ => MeasureKind::Other,
    }
}

fn unit_of(symbol: &str) -> MeasureUnit {
    match symbol {
        "kg" => MeasureUnit::Kilogram,
        "lb" => MeasureUnit::Pound,
        "oz" => MeasureUnit::Ounce,
        "tr oz" => MeasureUnit::TroyOunce,
        "m" => MeasureUnit::Metre,
        "in" => MeasureUnit::Inch,
        "ft" => MeasureUnit::Foot,
        "yd" => MeasureUnit::Yard,
        "m²" => MeasureUnit::SquareMetre,
        "in²" => MeasureUnit::SquareInch,
        "ft²" => MeasureUnit::SquareFoot,
        "yd²" => MeasureUnit::SquareYard,
        "l" => MeasureUnit::Litre,
        "m³" => MeasureUnit::CubicMetre,
        "in³" => MeasureUnit::CubicInch,
        "ft³" => MeasureUnit::CubicFoot,
        "yd³" => MeasureUnit::CubicYard,
        "qt (US)" => MeasureUnit::UsQuart,
        "gal (US)" | "gal." => MeasureUnit::UsGallon,
        "kg/m²" => MeasureUnit::KilogramPerSquareMetre,
        _ => MeasureUnit::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_measure_of_the_gs1_table_has_a_kind_and_a_unit() {
        let table = include_str!("../../core/gs1/src/ai_table.rs");
        let titles = table.split('"').filter(|title| title.ends_with(')') && title.contains(" ("));
        let titles = titles.chain(table.split('"').filter_map(|title| title.strip_suffix(", log")));
        let mut seen = 0;
        for (name, unit) in titles.filter_map(|title| title.strip_suffix(')')?.split_once(" (")) {
            if kind_of(name) != MeasureKind::Other {
                assert_ne!(unit_of(unit), MeasureUnit::Other, "{name} ({unit})");
                seen += 1;
            }
        }
        assert!(seen > 40, "{seen}");
    }
}
