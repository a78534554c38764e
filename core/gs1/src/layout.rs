//! Scanners that type. If scanner and host assume different keyboards, digits and letters arrive as other characters. Owns the
//! translation back. It must never guess a layout where a profile states one.

use alloc::string::String;

/// The keyboard of the host, when the scanner types as on a US keyboard.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum KeyboardLayout {
    /// The same layout as the scanner's: nothing is translated.
    #[default]
    Same,
    /// French: `123` arrives as `&é"`, `A` as `Q`.
    FrenchAzerty,
    /// French with Caps Lock, which also shifts the digit row: digits arrive right, letters in the other case.
    FrenchAzertyCapsLock,
    /// British: `"` and `@` change places, `#` arrives as `£`.
    British,
    /// German: `Y` and `Z` change places, and most signs.
    German,
}

/// The keys of a US keyboard, row by row, and the same with Shift.
const US: (&str, &str) =
    ("`1234567890-=qwertyuiop[]\\asdfghjkl;'zxcvbnm,./", "~!@#$%^&*()_+QWERTYUIOP{}|ASDFGHJKL:\"ZXCVBNM<>?");
const FRENCH: (&str, &str) =
    ("²&é\"'(-è_çà)=azertyuiop^$*qsdfghjklmùwxcvbn,;:!", "~1234567890°+AZERTYUIOP¨£µQSDFGHJKLM%WXCVBN?./§");
const BRITISH: (&str, &str) =
    ("`1234567890-=qwertyuiop[]#asdfghjkl;'zxcvbnm,./", "¬!\"£$%^&*()_+QWERTYUIOP{}~ASDFGHJKL:@ZXCVBNM<>?");
const GERMAN: (&str, &str) =
    ("^1234567890ß´qwertzuiopü+#asdfghjklöäyxcvbnm,.-", "°!\"§$%&/()=?`QWERTZUIOPÜ*'ASDFGHJKLÖÄYXCVBNM;:_");

impl KeyboardLayout {
    /// The text that the scanner sent when the host received `typed`. Characters that no key produces are kept.
    ///
    /// ```
    /// assert_eq!(stocksync_gs1::KeyboardLayout::FrenchAzerty.repair("HA&&é"), "HQ112");
    /// ```
    #[must_use]
    pub fn repair(self, typed: &str) -> String {
        let (plain, shifted) = match self {
            Self::Same => return String::from(typed),
            Self::FrenchAzerty => FRENCH,
            Self::FrenchAzertyCapsLock => (FRENCH.1, FRENCH.0),
            Self::British => BRITISH,
            Self::German => GERMAN,
        };
        let on = |keys: &str, us: &str, c: char| {
            keys.chars().position(|key| key == c).and_then(|position| us.chars().nth(position))
        };
        typed.chars().map(|c| on(plain, US.0, c).or_else(|| on(shifted, US.1, c)).unwrap_or(c)).collect()
    }

    /// Whether a typed text looks like a French layout: it has no digit, but characters of the French digit row.
    pub(crate) fn looks_french(typed: &str) -> bool {
        typed.chars().any(|c| "àéèç".contains(c)) && !typed.bytes().any(|b| b.is_ascii_digit())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts_have_as_many_keys() {
        for (plain, shifted) in [US, FRENCH, BRITISH, GERMAN] {
            assert_eq!((plain.chars().count(), shifted.chars().count()), (47, 47));
        }
    }

    #[test]
    fn real_pairs() {
        for (layout, typed, meant) in [
            (KeyboardLayout::FrenchAzerty, "àà'HA\"NIDBVD", "004HQ3NIDBVD"),
            (KeyboardLayout::FrenchAzertyCapsLock, "004ha3nidbvd", "004HQ3NIDBVD"),
            (KeyboardLayout::FrenchAzerty, "HA&&é", "HQ112"),
            (KeyboardLayout::FrenchAzerty, "àà'&-ààà\"\"-&àè", "00416000336107"),
            (KeyboardLayout::British, "AB\"12@£", "AB@12\"#"),
            (KeyboardLayout::German, "ZAß7-", "YA-7/"),
            (KeyboardLayout::Same, "àà'", "àà'"),
        ] {
            assert_eq!(layout.repair(typed), meant);
        }
    }
}
