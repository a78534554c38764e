//! Dictionaries of a message: ids and texts that are written once and named by index.
//!
//! Owns their order and bytes. Must never return more text than the message's budget: a short message can name a long text
//! many times.

use std::collections::HashMap;
use std::hash::Hash;

use super::WireError;
use super::column::{self, Column};

/// Largest number of texts in a dictionary; bodies of [`crate::limits::PUSH_BODY_BYTES`] cannot name as many.
const MAX_TEXTS: usize = 1 << 18;

/// The entries of a dictionary being written, in order of first use.
pub(super) struct DictionaryWriter<T> {
    index: HashMap<T, i64>,
    order: Vec<T>,
    known: i64,
}

impl<T: Clone + Eq + Hash> DictionaryWriter<T> {
    /// A dictionary in which `known` come first, without being sent.
    pub(super) fn after(known: impl IntoIterator<Item = T>) -> Self {
        let mut writer = Self { index: HashMap::new(), order: Vec::new(), known: 0 };
        for entry in known {
            writer.index.entry(entry).or_insert(writer.known);
            writer.known += 1;
        }
        writer
    }

    /// An empty dictionary.
    pub(super) fn new() -> Self {
        Self::after([])
    }

    /// The index of `entry`, which is added if it is new.
    pub(super) fn name(&mut self, entry: &T) -> i64 {
        if let Some(index) = self.index.get(entry) {
            return *index;
        }
        let index = self.known + self.order.len() as i64;
        self.index.insert(entry.clone(), index);
        self.order.push(entry.clone());
        index
    }

    /// What is sent, in order of index.
    pub(super) fn sent(&self) -> &[T] {
        &self.order
    }
}

impl DictionaryWriter<[u8; 16]> {
    /// The ids sent, one after the other.
    pub(super) fn bytes(&self) -> Vec<u8> {
        self.order.concat()
    }
}

/// The texts of a message as they are written: index 0 is the empty one.
pub(super) type TextWriter = DictionaryWriter<String>;

/// A new dictionary of texts.
pub(super) fn texts() -> TextWriter {
    DictionaryWriter::after([String::new()])
}

/// Bytes, number and length column of the texts sent.
pub(super) fn text_fields(texts: &TextWriter) -> (Vec<u8>, u32, Vec<u8>) {
    let lengths: Vec<i64> = texts.order.iter().map(|text| text.len() as i64).collect();
    (texts.order.concat().into_bytes(), texts.order.len() as u32, column::write(&lengths))
}

/// Reads ids that lie one after the other, after the `known` ones.
pub(super) fn read_ids(name: &'static str, known: &[[u8; 16]], bytes: &[u8]) -> Result<Entries<[u8; 16]>, WireError> {
    let (ids, rest) = bytes.as_chunks::<16>();
    if !rest.is_empty() {
        return Err(WireError::Columns(name));
    }
    Ok(Entries { name, items: [known, ids].concat() })
}

/// A dictionary being read.
pub(super) struct Entries<T> {
    name: &'static str,
    items: Vec<T>,
}

impl<T> Entries<T> {
    /// A dictionary of decoded entries; `name` is used in errors.
    pub(super) fn of(name: &'static str, items: Vec<T>) -> Self {
        Self { name, items }
    }

    /// What the next value of `column` names.
    pub(super) fn get(&self, column: &mut Column) -> Result<&T, WireError> {
        self.at(column.next()?)
    }

    /// What `index` names.
    pub(super) fn at(&self, index: i64) -> Result<&T, WireError> {
        usize::try_from(index).ok().and_then(|index| self.items.get(index)).ok_or(WireError::Columns(self.name))
    }

    /// What the next value of `column` names; 0 names nothing, all others count from 1.
    pub(super) fn get_optional(&self, column: &mut Column) -> Result<Option<&T>, WireError> {
        match column.next_index()?.checked_sub(1) {
            None => Ok(None),
            Some(index) => self.items.get(index).map(Some).ok_or(WireError::Columns(self.name)),
        }
    }
}

/// The texts of a message being read, with the number of bytes that may still be returned.
pub(super) struct Texts<'a> {
    items: Vec<&'a str>,
    left: usize,
    budget: usize,
}

impl<'a> Texts<'a> {
    /// `budget` bounds what the ops made of this message may hold together, bytes.
    pub(super) fn read(bytes: &'a [u8], count: u32, lengths: &[u8], budget: usize) -> Result<Self, WireError> {
        const NAME: &str = "texts";
        // A text of no bytes is index 0 and never sent, so there are no more texts than bytes.
        let count = usize::try_from(count).map_err(|_| WireError::Columns(NAME))?;
        if count > bytes.len() || count > MAX_TEXTS {
            return Err(WireError::Columns(NAME));
        }
        let mut rest = std::str::from_utf8(bytes).map_err(|_| WireError::Columns(NAME))?;
        let mut lengths = Column::read(NAME, lengths, count)?;
        let mut items = vec![""];
        for _ in 0..count {
            let (text, after) = rest.split_at_checked(lengths.next_index()?).ok_or(WireError::Columns(NAME))?;
            items.push(text);
            rest = after;
        }
        if rest.is_empty() { Ok(Self { items, left: budget, budget }) } else { Err(WireError::Columns(NAME)) }
    }

    /// The text that the next value of `column` names.
    pub(super) fn get(&mut self, column: &mut Column) -> Result<String, WireError> {
        self.at(column.next()?)
    }

    /// The text that `index` names.
    pub(super) fn at(&mut self, index: i64) -> Result<String, WireError> {
        let text = usize::try_from(index).ok().and_then(|index| self.items.get(index)).copied();
        let text = text.ok_or(WireError::Columns("texts"))?;
        self.spend(text.len())?;
        Ok(text.to_owned())
    }

    /// Takes `bytes` from the budget for something that is not a text.
    pub(super) fn spend(&mut self, bytes: usize) -> Result<(), WireError> {
        self.left = self.left.checked_sub(bytes).ok_or(WireError::TooLarge { limit: self.budget })?;
        Ok(())
    }
}
