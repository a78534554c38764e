//! Which symbol a text came from. Owns the names that scanners use (ISO/IEC 15424 identifiers, vendors' label types). It
//! must never read the text that follows them.

/// A kind of symbol. Where a GS1 form exists it is a kind of its own, because only it promises application identifiers.
///
/// ```
/// use stocksync_gs1::Symbology;
///
/// assert_eq!(Symbology::from_aim("]C1"), Some(Symbology::Gs1Code128));
/// assert_eq!(Symbology::from_label_type("LABEL-TYPE-EAN13"), Some(Symbology::Ean13));
/// assert!(Symbology::Gs1Code128.is_gs1() && !Symbology::Code128.is_gs1());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Symbology {
    /// EAN-13 (`]E0`), which also carries UPC-A with a leading zero.
    Ean13,
    /// UPC-A, reported as 12 digits.
    UpcA,
    /// UPC-E, reported as 8 digits or expanded to 12 or 13.
    UpcE,
    /// EAN-8 (`]E4`).
    Ean8,
    /// EAN-13 with an add-on of two or five digits (`]E3`).
    EanWithAddOn,
    /// An add-on alone (`]E1`, `]E2`).
    AddOn,
    /// GS1-128 (`]C1`).
    Gs1Code128,
    /// Code 128 without FNC1 in first place (`]C0`).
    Code128,
    /// DataBar Omnidirectional, Stacked or Limited, which hold one GTIN.
    DataBar,
    /// DataBar Expanded, and what `]e0` announces: application identifiers.
    DataBarExpanded,
    /// ITF-14 with a checked digit (`]I1`).
    Itf14,
    /// Interleaved 2 of 5, unchecked (`]I0`).
    Itf,
    /// GS1 DataMatrix (`]d2`).
    Gs1DataMatrix,
    /// Data Matrix (`]d1`).
    DataMatrix,
    /// GS1 QR Code (`]Q3`).
    Gs1Qr,
    /// QR Code (`]Q1`).
    Qr,
    /// GS1 DotCode (`]J1`).
    Gs1DotCode,
    /// DotCode (`]J0`).
    DotCode,
    /// GS1 Aztec Code (`]z1`).
    Gs1Aztec,
    /// Aztec Code (`]z0`).
    Aztec,
    /// PDF417 (`]L0`).
    Pdf417,
    /// Code 39 as printed (`]A0`).
    Code39,
    /// Code 39 whose pairs the scanner has joined to full ASCII (`]A4`).
    Code39FullAscii,
    /// Code 93 (`]G0`).
    Code93,
    /// Codabar (`]F0`).
    Codabar,
}

impl Symbology {
    /// The kind behind an ISO/IEC 15424 identifier such as `]C1`. `None` if it is none of those above.
    #[must_use]
    pub fn from_aim(id: &str) -> Option<Self> {
        let (letter, modifier) = id.strip_prefix(']')?.split_at_checked(1)?;
        if modifier.len() != 1 || !modifier.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return None;
        }
        Some(match (letter, modifier) {
            ("E", "0") => Self::Ean13,
            ("E", "1" | "2") => Self::AddOn,
            ("E", "3") => Self::EanWithAddOn,
            ("E", "4") => Self::Ean8,
            ("C", "1") => Self::Gs1Code128,
            ("C", _) => Self::Code128,
            ("e", _) => Self::DataBarExpanded,
            ("I", "1") => Self::Itf14,
            ("I", _) => Self::Itf,
            // 2 and 5: FNC1 in first place, without and with ECI; 8: the rectangular extension with FNC1.
            ("d", "2" | "5" | "8") => Self::Gs1DataMatrix,
            ("d", _) => Self::DataMatrix,
            ("Q", "3" | "4") => Self::Gs1Qr,
            ("Q", _) => Self::Qr,
            ("J", "1" | "4") => Self::Gs1DotCode,
            ("J", _) => Self::DotCode,
            ("z", "1" | "4" | "7") => Self::Gs1Aztec,
            ("z", _) => Self::Aztec,
            ("L", _) => Self::Pdf417,
            ("A", "4" | "5" | "7") => Self::Code39FullAscii,
            ("A", _) => Self::Code39,
            ("G", _) => Self::Code93,
            ("F", _) => Self::Codabar,
            _ => return None,
        })
    }

    /// The identifier that announces this kind. UPC-A and UPC-E are announced as EAN-13.
    #[must_use]
    pub fn aim(self) -> &'static str {
        match self {
            Self::Ean13 | Self::UpcA | Self::UpcE => "]E0",
            Self::Ean8 => "]E4",
            Self::EanWithAddOn => "]E3",
            Self::AddOn => "]E1",
            Self::Gs1Code128 => "]C1",
            Self::Code128 => "]C0",
            Self::DataBar | Self::DataBarExpanded => "]e0",
            Self::Itf14 => "]I1",
            Self::Itf => "]I0",
            Self::Gs1DataMatrix => "]d2",
            Self::DataMatrix => "]d1",
            Self::Gs1Qr => "]Q3",
            Self::Qr => "]Q1",
            Self::Gs1DotCode => "]J1",
            Self::DotCode => "]J0",
            Self::Gs1Aztec => "]z1",
            Self::Aztec => "]z0",
            Self::Pdf417 => "]L0",
            Self::Code39 => "]A0",
            Self::Code39FullAscii => "]A4",
            Self::Code93 => "]G0",
            Self::Codabar => "]F0",
        }
    }

    /// The kind behind a label type of Zebra DataWedge, such as `LABEL-TYPE-EAN128`. A label type says what the symbol is;
    /// it does not promise an identifier inside the data.
    #[must_use]
    pub fn from_label_type(label_type: &str) -> Option<Self> {
        Some(match label_type.strip_prefix("LABEL-TYPE-")? {
            "EAN13" => Self::Ean13,
            "EAN8" => Self::Ean8,
            "UPCA" => Self::UpcA,
            "UPCE" | "UPCE0" | "UPCE1" => Self::UpcE,
            "EAN128" | "GS1-128" => Self::Gs1Code128,
            "CODE128" => Self::Code128,
            "GS1-DATABAR" | "GS1-DATABAR-LIM" => Self::DataBar,
            "GS1-DATABAR-EXP" => Self::DataBarExpanded,
            "I2OF5" => Self::Itf,
            "GS1-DATAMATRIX" => Self::Gs1DataMatrix,
            "DATAMATRIX" => Self::DataMatrix,
            "GS1-QRCODE" => Self::Gs1Qr,
            "QRCODE" => Self::Qr,
            "DOTCODE" => Self::DotCode,
            "AZTEC" => Self::Aztec,
            "PDF417" => Self::Pdf417,
            "CODE39" => Self::Code39,
            "CODE93" => Self::Code93,
            "CODABAR" => Self::Codabar,
            _ => return None,
        })
    }

    /// Whether this kind promises application identifiers.
    #[must_use]
    pub fn is_gs1(self) -> bool {
        matches!(
            self,
            Self::Gs1Code128
                | Self::DataBarExpanded
                | Self::Gs1DataMatrix
                | Self::Gs1Qr
                | Self::Gs1DotCode
                | Self::Gs1Aztec
        )
    }

    /// Whether the two have the same family in ISO/IEC 15424. Some scanners state only the family.
    pub(crate) fn same_family(self, other: Self) -> bool {
        self.aim().get(..2) == other.aim().get(..2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers() {
        for (id, expected) in [
            ("]C1", Some(Symbology::Gs1Code128)),
            ("]C0", Some(Symbology::Code128)),
            ("]d2", Some(Symbology::Gs1DataMatrix)),
            ("]d8", Some(Symbology::Gs1DataMatrix)),
            ("]z1", Some(Symbology::Gs1Aztec)),
            ("]Q1", Some(Symbology::Qr)),
            ("]E4", Some(Symbology::Ean8)),
            ("]E9", None),
            ("]C", None),
            ("C10", None),
            ("]é0", None),
            ("]C]", None),
        ] {
            assert_eq!(Symbology::from_aim(id), expected, "{id}");
        }
        assert_eq!(Symbology::from_label_type("LABEL-TYPE-EAN128"), Some(Symbology::Gs1Code128));
        assert_eq!(Symbology::from_label_type("EAN128"), None);
    }
}
