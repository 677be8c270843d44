//! Whole numbers as few bits, the ways Parquet defines: differences, places in a dictionary, which cells are empty.

use arrow::buffer::NullBuffer;

/// A whole number as its column holds it.
pub trait Packed: Copy + Default + Ord {
    /// Numbers packed with one width.
    const TOGETHER: usize;
    /// As a difference is written.
    fn wide(self) -> i64;
    /// The difference to another number, which wraps around within the width of the column.
    fn less(self, other: Self) -> Self;
    /// The difference of two differences, never below zero.
    fn above(self, least: Self) -> u64;
}

impl Packed for i32 {
    const TOGETHER: usize = 32;
    fn wide(self) -> i64 {
        i64::from(self)
    }
    fn less(self, other: i32) -> i32 {
        self.wrapping_sub(other)
    }
    fn above(self, least: i32) -> u64 {
        u64::from(self.wrapping_sub(least) as u32)
    }
}

impl Packed for i64 {
    const TOGETHER: usize = 64;
    fn wide(self) -> i64 {
        self
    }
    fn less(self, other: i64) -> i64 {
        self.wrapping_sub(other)
    }
    fn above(self, least: i64) -> u64 {
        self.wrapping_sub(least) as u64
    }
}

/// Blocks have this many groups of one width.
const GROUPS: usize = 4;

/// DELTA_BINARY_PACKED: the first number, then differences in blocks.
pub fn pack_differences<N: Packed>(numbers: &[N]) -> Vec<u8> {
    let block = N::TOGETHER * GROUPS;
    let mut packed = Vec::with_capacity(32 + numbers.len() * 2);
    let first = numbers.first().copied().unwrap_or_default();
    for length in [block, GROUPS, numbers.len()] {
        varint(length as u64, &mut packed);
    }
    zigzag(first.wide(), &mut packed);
    let mut differences = [N::default(); 256];
    let mut before = first;
    for numbers in numbers.get(1..).unwrap_or_default().chunks(block) {
        let differences = &mut differences[..numbers.len()];
        for (difference, number) in differences.iter_mut().zip(numbers) {
            *difference = number.less(before);
            before = *number;
        }
        let least = differences.iter().copied().min().unwrap_or_default();
        zigzag(least.wide(), &mut packed);
        let widths = packed.len();
        packed.resize(widths + GROUPS, 0);
        for (place, group) in differences.chunks(N::TOGETHER).enumerate() {
            let all = group.iter().fold(0, |bits, difference| bits | difference.above(least));
            let width = 64 - all.leading_zeros();
            packed[widths + place] = width as u8;
            let start = packed.len();
            pack(group.iter().map(|difference| difference.above(least)), width, &mut packed);
            packed.resize(start + N::TOGETHER * width as usize / 8, 0);
        }
    }
    packed
}

/// RLE_DICTIONARY: places in a dictionary of so many texts.
pub fn pack_places(places: &[i32], texts: usize) -> Vec<u8> {
    let width = usize::BITS - texts.saturating_sub(1).leading_zeros();
    let mut packed = Vec::with_capacity(16 + places.len() * width as usize / 8);
    packed.push(width as u8);
    match places.split_first() {
        None => {}
        Some((first, rest)) if rest.iter().all(|place| place == first) => {
            varint((places.len() as u64) << 1, &mut packed);
            packed.extend_from_slice(&first.to_le_bytes()[..width.div_ceil(8) as usize]);
        }
        Some(_) => {
            varint((places.len().div_ceil(8) as u64) << 1 | 1, &mut packed);
            let start = packed.len();
            pack(places.iter().map(|place| *place as u64), width, &mut packed);
            packed.resize(start + places.len().div_ceil(8) * width as usize, 0);
        }
    }
    packed
}

/// Which cells hold a value, with the length of that in front.
pub fn pack_levels(rows: usize, nulls: Option<&NullBuffer>) -> Vec<u8> {
    let mut packed = vec![0; 4];
    match nulls {
        Some(nulls) if nulls.null_count() < rows => {
            varint((rows.div_ceil(8) as u64) << 1 | 1, &mut packed);
            packed.extend_from_slice(&nulls.inner().sliced()[..rows.div_ceil(8)]);
            if let Some(last) = packed.last_mut().filter(|_| !rows.is_multiple_of(8)) {
                *last &= (1 << (rows % 8)) - 1;
            }
        }
        _ => {
            varint((rows as u64) << 1, &mut packed);
            packed.push(u8::from(nulls.is_none()));
        }
    }
    let length = packed.len() as u32 - 4;
    packed[..4].copy_from_slice(&length.to_le_bytes());
    packed
}

/// Numbers of `width` bits, the lowest bit first.
#[inline]
fn pack(numbers: impl Iterator<Item = u64>, width: u32, packed: &mut Vec<u8>) {
    if width == 0 {
        return;
    }
    if width > 32 {
        return pack_wide(numbers, width, packed);
    }
    let (mut bits, mut held) = (0_u64, 0);
    for number in numbers {
        bits |= number << held;
        held += width;
        if held >= 32 {
            packed.extend_from_slice(&(bits as u32).to_le_bytes());
            bits >>= 32;
            held -= 32;
        }
    }
    packed.extend_from_slice(&bits.to_le_bytes()[..held.div_ceil(8) as usize]);
}

fn pack_wide(numbers: impl Iterator<Item = u64>, width: u32, packed: &mut Vec<u8>) {
    let (mut bits, mut held) = (0_u128, 0);
    for number in numbers {
        bits |= u128::from(number) << held;
        held += width;
        if held >= 64 {
            packed.extend_from_slice(&(bits as u64).to_le_bytes());
            bits >>= 64;
            held -= 64;
        }
    }
    packed.extend_from_slice(&bits.to_le_bytes()[..held.div_ceil(8) as usize]);
}

fn varint(mut number: u64, into: &mut Vec<u8>) {
    while number > 127 {
        into.push(number as u8 | 128);
        number >>= 7;
    }
    into.push(number as u8);
}

fn zigzag(number: i64, into: &mut Vec<u8>) {
    varint((number << 1 ^ number >> 63) as u64, into);
}
