//! Langgan: operational exports in; profitability, segments, churn, offers and follow-up queues out.
//!
//! # Layout
//! Data goes through the modules in this order:
//! - [`ingest`]: exports → accepted rows and the rejects ledger
//! - [`lake`]: immutable Parquet batches and the manifest
//! - [`check`]: what the branches say they sent against what arrived
//! - [`facts`]: the lake in memory, laid out for scanning
//! - [`analyses`]: the business questions, one file each
//! - [`marts`]: tables that are SQL alone, in `queries/`
//! - [`segments`]: the user's own segments over the mart of customers
//! - [`engine`]: runs analyses and marts, checks their contracts, publishes
//! - [`diff`]: two runs side by side
//! - [`deliver`]: result tables → report, workbook, lists, queues
//!
//! Underneath: [`contracts`] (every table, declared once), [`calendar`], [`stats`] (mathematics on slices), [`error`].
//! Around: [`cli`], [`config`] (`langgan.toml`), [`sample`] (synthetic projects), [`init`] (a first `langgan.toml`).

pub mod analyses;
pub mod calendar;
pub mod check;
pub mod cli;
pub mod config;
pub mod contracts;
pub mod deliver;
pub mod diff;
pub mod engine;
pub mod error;
pub mod facts;
pub mod ingest;
pub mod init;
pub mod lake;
pub mod marts;
pub mod sample;
pub mod segments;
pub mod stats;
