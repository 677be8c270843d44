//! Keys of numbers, small where the numbers come in order.
//!
//! A page holds the keys of 64 numbers. Where each number of a page got the key after that of the number before it, the
//! first key and a bit a number say it all: half a byte a number where all 64 are there. Else the keys are listed.

use hashbrown::HashTable;

/// Keys by number, and by the frame the number stands in.
#[derive(Debug, Default)]
pub struct Pages {
    pages: HashTable<Page>,
    lists: [List; 6],
}

#[derive(Debug, Clone, Copy)]
struct Page {
    /// The numbers, divided by 64.
    number: u64,
    frame: u32,
    /// The first key, with [`IN_ORDER`]; or the place of the keys among the lists of their length.
    keys: u32,
    /// Which of the numbers have keys.
    bits: u64,
}

/// Keys are whole numbers of 31 bits in the lake, so one bit is free.
const IN_ORDER: u32 = 1 << 31;

/// Lists of so many keys at most: 2, 4, 8, … 64.
#[derive(Debug, Default)]
struct List {
    keys: Vec<u32>,
    free: Vec<u32>,
}

impl Page {
    /// Numbers with keys.
    fn len(&self) -> usize {
        self.bits.count_ones() as usize
    }

    /// Numbers with keys below the given one.
    fn rank(&self, low: u32) -> usize {
        (self.bits & ((1 << low) - 1)).count_ones() as usize
    }
}

/// Which lists hold so many keys.
fn class(len: usize) -> usize {
    len.next_power_of_two().trailing_zeros().saturating_sub(1) as usize
}

impl Pages {
    /// The key of a number.
    #[inline]
    pub fn get(&self, frame: u32, number: u64) -> Option<u32> {
        let (high, low) = (number / 64, (number % 64) as u32);
        let page = self.pages.find(hash(frame, high), |page| page.number == high && page.frame == frame)?;
        if page.bits >> low & 1 == 0 {
            return None;
        }
        let rank = page.rank(low);
        if page.keys & IN_ORDER != 0 {
            return Some((page.keys ^ IN_ORDER) + rank as u32);
        }
        let class = class(page.len());
        self.lists[class].keys.get((page.keys as usize) * (2 << class) + rank).copied()
    }

    /// Gives a number that has none its key.
    pub fn insert(&mut self, frame: u32, number: u64, key: u32) {
        let (high, low) = (number / 64, (number % 64) as u32);
        let Pages { pages, lists } = self;
        let same = |page: &Page| page.number == high && page.frame == frame;
        let Some(page) = pages.find_mut(hash(frame, high), same) else {
            let page = Page { number: high, frame, keys: key | IN_ORDER, bits: 1 << low };
            pages.insert_unique(hash(frame, high), page, |page| hash(page.frame, page.number));
            return;
        };
        let (len, rank) = (page.len(), page.rank(low));
        let mut keys = [0_u32; 64];
        if page.keys & IN_ORDER != 0 {
            let first = page.keys ^ IN_ORDER;
            if rank == len && key == first + len as u32 {
                page.bits |= 1 << low;
                return;
            }
            (0..len).for_each(|place| keys[place] = first + place as u32);
        } else {
            keys[..len].copy_from_slice(lists[class(len)].take(page.keys, len));
        }
        keys.copy_within(rank..len, rank + 1);
        keys[rank] = key;
        page.bits |= 1 << low;
        let class = class(len + 1);
        page.keys = lists[class].put(&keys[..len + 1], 2 << class);
    }

    /// Hands over every frame, number and key.
    pub fn each(&self, mut each: impl FnMut(u32, u64, u32)) {
        for page in &self.pages {
            for low in (0..64).filter(|low| page.bits >> low & 1 == 1) {
                let number = page.number * 64 + low;
                if let Some(key) = self.get(page.frame, number) {
                    each(page.frame, number, key);
                }
            }
        }
    }
}

impl List {
    /// The keys of a list that is given up.
    fn take(&mut self, place: u32, len: usize) -> &[u32] {
        self.free.push(place);
        let start = place as usize * (2 << class(len));
        &self.keys[start..start + len]
    }

    fn put(&mut self, keys: &[u32], room: usize) -> u32 {
        let place = self.free.pop().unwrap_or_else(|| {
            self.keys.resize(self.keys.len() + room, 0);
            (self.keys.len() / room) as u32 - 1
        });
        self.keys[place as usize * room..][..keys.len()].copy_from_slice(keys);
        place
    }
}

#[inline]
fn hash(frame: u32, high: u64) -> u64 {
    let mixed = u128::from(high ^ u64::from(frame).rotate_left(40)) * 0x9E37_79B9_7F4A_7C15;
    (mixed >> 64) as u64 ^ mixed as u64
}
