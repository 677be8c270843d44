//! Encodes one column of a row group as Parquet pages.
//!
//! The lake has few types and they are written in one way each: whole numbers, days and times packed by difference,
//! flags as bits, text as places in a dictionary where it comes with one, else by its lengths, or by what each value
//! shares with the one before it. Only text is compressed; packed numbers hardly get any smaller.

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, StringArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Date32Type, Int32Type, Int64Type, TimeUnit, TimestampMicrosecondType,
};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::column::page::{CompressedPage, Page, PageWriter};
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::statistics::Statistics;
use parquet::file::writer::{SerializedPageWriter, SerializedRowGroupWriter, TrackedWrite};
use parquet::schema::types::ColumnDescPtr;

use super::disk::Out;
use super::packing::{Packed, pack_differences, pack_levels, pack_places};

/// A column of a row group, encoded.
pub struct Chunk {
    /// A page that holds the bytes of all pages.
    pages: Page,
    close: ColumnCloseResult,
}

impl Chunk {
    /// Appends it to a row group.
    pub fn append(self, group: &mut SerializedRowGroupWriter<'_, std::io::BufWriter<Out>>) -> Result<()> {
        let (Page::DataPage { buf, .. } | Page::DataPageV2 { buf, .. } | Page::DictionaryPage { buf, .. }) = self.pages;
        group.append_column(&buf, self.close)
    }
}

/// The values of a column, encoded.
struct Values {
    bytes: Vec<u8>,
    encoding: Encoding,
    statistics: Statistics,
    dictionary: Option<(Vec<u8>, usize)>,
    is_text: bool,
}

/// Encodes the cells of a column.
pub fn encode(column: ColumnDescPtr, array: &ArrayRef) -> Result<Chunk> {
    let nulls = array.logical_nulls().filter(|nulls| nulls.null_count() > 0);
    let nulls = nulls.as_ref();
    let empty = Some(nulls.map_or(0, |nulls| nulls.null_count() as u64));
    let values = match array.data_type() {
        DataType::Int32 => {
            numbers::<Int32Type>(array, nulls, |low, high| Statistics::int32(low, high, None, empty, false))
        }
        DataType::Date32 => {
            numbers::<Date32Type>(array, nulls, |low, high| Statistics::int32(low, high, None, empty, false))
        }
        DataType::Int64 => {
            numbers::<Int64Type>(array, nulls, |low, high| Statistics::int64(low, high, None, empty, false))
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            numbers::<TimestampMicrosecondType>(array, nulls, |low, high| {
                Statistics::int64(low, high, None, empty, false)
            })
        }
        DataType::Boolean => flags(array.as_boolean(), nulls, Statistics::boolean(None, None, None, empty, false)),
        DataType::Utf8 => texts(array.as_string(), nulls, Statistics::byte_array(None, None, None, empty, false)),
        DataType::Dictionary(..) => coded(array, nulls, Statistics::byte_array(None, None, None, empty, false)),
        other => return Err(ParquetError::NYI(format!("no column of the lake holds {other}"))),
    };
    pages(column, array.len(), nulls, values)
}

fn numbers<T>(
    array: &ArrayRef,
    nulls: Option<&NullBuffer>,
    statistics: impl Fn(Option<T::Native>, Option<T::Native>) -> Statistics,
) -> Values
where
    T: ArrowPrimitiveType,
    T::Native: Packed,
{
    let all = array.as_primitive::<T>().values();
    let present: Vec<T::Native>;
    let values: &[T::Native] = match nulls {
        None => all,
        Some(nulls) => {
            present = nulls.valid_indices().map(|place| all[place]).collect();
            &present
        }
    };
    let statistics = statistics(values.iter().copied().min(), values.iter().copied().max());
    let bytes = pack_differences(values);
    Values { bytes, encoding: Encoding::DELTA_BINARY_PACKED, statistics, dictionary: None, is_text: false }
}

fn flags(array: &BooleanArray, nulls: Option<&NullBuffer>, statistics: Statistics) -> Values {
    let place = |place: usize| array.value(place);
    let present: Vec<bool> = match nulls {
        None => (0..array.len()).map(place).collect(),
        Some(nulls) => nulls.valid_indices().map(place).collect(),
    };
    let bits = |flags: &[bool]| flags.iter().rev().fold(0_u8, |bits, flag| bits << 1 | u8::from(*flag));
    let bytes = present.chunks(8).map(bits).collect();
    Values { bytes, encoding: Encoding::PLAIN, statistics, dictionary: None, is_text: false }
}

/// Text that comes as places in a dictionary.
fn coded(array: &ArrayRef, nulls: Option<&NullBuffer>, statistics: Statistics) -> Values {
    let array = array.as_dictionary::<Int32Type>();
    let (all, texts) = (array.keys().values(), array.values().as_string::<i32>());
    let present: Vec<i32>;
    let places: &[i32] = match nulls {
        None => all,
        Some(nulls) => {
            present = nulls.valid_indices().map(|place| all[place]).collect();
            &present
        }
    };
    let mut dictionary = Vec::new();
    for text in texts.iter().map(Option::unwrap_or_default) {
        dictionary.extend_from_slice(&(text.len() as u32).to_le_bytes());
        dictionary.extend_from_slice(text.as_bytes());
    }
    let bytes = pack_places(places, texts.len());
    let dictionary = Some((dictionary, texts.len()));
    Values { bytes, encoding: Encoding::RLE_DICTIONARY, statistics, dictionary, is_text: true }
}

fn texts(array: &StringArray, nulls: Option<&NullBuffer>, statistics: Statistics) -> Values {
    let value = |place: usize| array.value(place).as_bytes();
    let places: Vec<usize> = match nulls {
        None => (0..array.len()).collect(),
        Some(nulls) => nulls.valid_indices().collect(),
    };
    // Ids in order share most of their text with the one before.
    let shared = |pair: &[usize]| common_prefix(value(pair[0]), value(pair[1]));
    let sample = &places[..places.len().min(1000)];
    let (same, length) =
        sample.windows(2).fold((0, 1), |(same, length), pair| (same + shared(pair), length + value(pair[1]).len()));
    let mut rest = Vec::with_capacity(array.value_data().len());
    let mut lengths: Vec<i32> = Vec::with_capacity(places.len());
    if same * 2 < length {
        for place in &places {
            lengths.push(value(*place).len() as i32);
            rest.extend_from_slice(value(*place));
        }
        let bytes = [pack_differences(&lengths), rest].concat();
        return Values {
            bytes,
            encoding: Encoding::DELTA_LENGTH_BYTE_ARRAY,
            statistics,
            dictionary: None,
            is_text: true,
        };
    }
    let mut before: &[u8] = b"";
    let mut prefixes: Vec<i32> = Vec::with_capacity(places.len());
    for place in &places {
        let text = value(*place);
        let prefix = common_prefix(before, text);
        prefixes.push(prefix as i32);
        lengths.push((text.len() - prefix) as i32);
        rest.extend_from_slice(&text[prefix..]);
        before = text;
    }
    let bytes = [pack_differences(&prefixes), pack_differences(&lengths), rest].concat();
    Values { bytes, encoding: Encoding::DELTA_BYTE_ARRAY, statistics, dictionary: None, is_text: true }
}

/// How many bytes two texts begin with in common.
fn common_prefix(a: &[u8], b: &[u8]) -> usize {
    let (long, _) = a.as_chunks::<8>();
    let (other, _) = b.as_chunks::<8>();
    let mut at = 0;
    for (a, b) in long.iter().zip(other) {
        let different = u64::from_le_bytes(*a) ^ u64::from_le_bytes(*b);
        if different != 0 {
            return at + different.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    at + a[at..].iter().zip(&b[at..]).take_while(|(a, b)| a == b).count()
}

/// The pages of a column: its dictionary, where it has one, and one of data.
fn pages(column: ColumnDescPtr, rows: usize, nulls: Option<&NullBuffer>, values: Values) -> Result<Chunk> {
    let Values { bytes, encoding, statistics, dictionary, is_text } = values;
    let mut data = if column.max_def_level() > 0 { pack_levels(rows, nulls) } else { Vec::new() };
    data.extend_from_slice(&bytes);
    let plain = data.len() + dictionary.as_ref().map_or(0, |(bytes, _)| bytes.len());
    let mut packed = None;
    if is_text {
        let data = zstd(&data)?;
        let dictionary = dictionary.as_ref().map(|(bytes, _)| zstd(bytes)).transpose()?;
        let length = data.len() + dictionary.as_ref().map_or(0, Vec::len);
        packed = Some((data, dictionary)).filter(|_| length + plain / 16 < plain);
    }
    let compression = match packed {
        Some(_) => Compression::ZSTD(ZstdLevel::try_new(1).unwrap_or_default()),
        None => Compression::UNCOMPRESSED,
    };
    let mut sink = TrackedWrite::new(Vec::with_capacity(plain + 256));
    let mut writer = SerializedPageWriter::new(&mut sink);
    let (mut encodings, mut uncompressed) = (vec![Encoding::RLE, encoding], 0);
    let (packed_data, packed_dictionary) = packed.map_or((None, None), |(data, dictionary)| (Some(data), dictionary));
    let mut data_offset = 0;
    let has_dictionary = dictionary.is_some();
    if let Some((bytes, texts)) = dictionary {
        let length = bytes.len();
        let buf = packed_dictionary.unwrap_or(bytes).into();
        let page = Page::DictionaryPage { buf, num_values: texts as u32, encoding: Encoding::PLAIN, is_sorted: false };
        let written = writer.write_page(CompressedPage::new(page, length))?;
        uncompressed += written.uncompressed_size;
        data_offset = written.bytes_written;
        encodings.push(Encoding::PLAIN);
    }
    let length = data.len();
    let page = Page::DataPage {
        buf: packed_data.unwrap_or(data).into(),
        num_values: rows as u32,
        encoding,
        def_level_encoding: Encoding::RLE,
        rep_level_encoding: Encoding::RLE,
        statistics: None,
    };
    let written = writer.write_page(CompressedPage::new(page, length))?;
    uncompressed += written.uncompressed_size;
    let compressed = sink.bytes_written();
    let metadata = ColumnChunkMetaData::builder(column)
        .set_compression(compression)
        .set_encodings(encodings)
        .set_num_values(rows as i64)
        .set_total_compressed_size(compressed as i64)
        .set_total_uncompressed_size(uncompressed as i64)
        .set_data_page_offset(data_offset as i64)
        .set_dictionary_page_offset(has_dictionary.then_some(0))
        .set_statistics(statistics)
        .build()?;
    let close = ColumnCloseResult {
        bytes_written: compressed as u64,
        rows_written: rows as u64,
        metadata,
        bloom_filter: None,
        column_index: None,
        offset_index: None,
    };
    let pages = Page::DictionaryPage {
        buf: sink.into_inner()?.into(),
        num_values: 0,
        encoding: Encoding::PLAIN,
        is_sorted: false,
    };
    Ok(Chunk { pages, close })
}

fn zstd(bytes: &[u8]) -> Result<Vec<u8>> {
    zstd::bulk::compress(bytes, 1).map_err(|error| ParquetError::External(Box::new(error)))
}
