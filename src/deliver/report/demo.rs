//! A made-up business, for the tests and for looking at the report.

use super::demo_actions::{churn, cohorts, lifetime, offers, quality, queue, segments, subscriptions};
use super::*;

/// The same numbers at every call, 0 to below `n`.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn roll(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }

    pub(super) fn share(&mut self) -> f64 {
        self.roll(10_000) as f64 / 10_000.0
    }
}

pub(super) const RUPIAH: i64 = 100;
pub(super) const MILLION: i64 = 1_000_000 * RUPIAH;
pub(super) const NAMES: [&str; 12] = [
    "PT Sinar Abadi Makmur",
    "Toko Bu Ratna",
    "CV Karya Mandiri",
    "Dewi Lestari",
    "Agus Wijaya",
    "Warung Kopi Senja",
    "<script>alert(1)</script>",
    "=cmd()|' /C calc'!A0",
    "Siti Rahmawati",
    "Hotel Puri Indah",
    "Bambang Nugroho",
    "",
];

impl ReportData {
    /// A full report.
    pub(crate) fn demo() -> Self {
        let mut dice = Dice(7);
        Self {
            header: header(),
            trend: Some(trend(&mut dice)),
            profitability: Some(profitability(&mut dice)),
            segments: Some(segments()),
            churn: Some(churn(&mut dice)),
            subscriptions: Some(subscriptions()),
            lifetime: Some(lifetime()),
            cohorts: Some(cohorts(&mut dice)),
            offers: Some(offers()),
            queue: Some(queue(&mut dice)),
            quality: Some(quality()),
            footer: Footer {
                definitions: Vec::new(),
                settings: [("seed", "42"), ("churn.horizon_days", "90"), ("queue.cap", "60")]
                    .map(|(name, value)| Setting { name: name.into(), value: value.into() })
                    .to_vec(),
                program_version: "langgan 0.1.0".into(),
                input_manifest_hash: "blake3:9f2c4be07d1a5530c8e6f1b2a49d7c3e58f06a1bd2c4937e60a8b5c1f2d3e4a5".into(),
            },
            costs_unknown: false,
        }
    }
}

pub(super) fn period(start: &str, end: &str) -> Period {
    Period { start: start.into(), end: end.into() }
}

fn header() -> Header {
    let history = |base: i64| (0..12).map(|i| base * (880 + i * 17 + (i * 71) % 93) / 1000).collect::<Vec<_>>();
    let counts = |base: i64| history(base).into_iter().map(|value| value as u64).collect();
    Header {
        project: "Kopi Nusantara".into(),
        as_of: "2025-12-15".into(),
        currency: Currency { code: "IDR".into(), decimals: 2, display_decimals: 0 },
        run: Some(RunSummary {
            sources: 7,
            rows_received: 184_220,
            rows_accepted: 183_611,
            orders: 41_208,
            customers: 12_480,
            period: period("2023-01-02", "2025-12-15"),
        }),
        key_figures: Some(KeyFigures {
            period: period("2024-12-01", "2025-12-01"),
            previous_period: period("2023-12-01", "2024-12-01"),
            net_sales: Some(Figure {
                value: 48_213 * MILLION,
                previous: Some(44_870 * MILLION),
                history: history(4_100),
            }),
            orders: Some(Figure { value: 17_964, previous: Some(16_722), history: counts(1_500) }),
            active_customers: Some(Figure {
                value: 6_812,
                previous: Some(6_901),
                history: counts(2_100).into_iter().rev().collect(),
            }),
            contribution: Some(Figure {
                value: 9_140 * MILLION + 1_250_050,
                previous: Some(8_995 * MILLION),
                history: history(760),
            }),
            contribution_of: Some(40_100 * MILLION),
            customers_at_risk: Some(Figure { value: 1_044, previous: Some(971), history: counts(1_000) }),
            repeat_customer_share: Some(Figure {
                value: 0.614,
                previous: Some(0.598),
                history: vec![0.58, 0.6, 0.59, 0.6, 0.61, 0.614],
            }),
        }),
    }
}

fn trend(dice: &mut Dice) -> Trend {
    let months = (0..36).map(|i: i64| {
        let season = [0, -6, 4, 14, 2, -4, -2, 0, 1, 3, 6, 16][i as usize % 12];
        let mut net_sales = (3_000 + i * 34) * MILLION * (100 + season) / 100;
        net_sales += dice.roll(260) as i64 * MILLION;
        let partial = i == 35;
        let orders = 1_150 + i as u64 * 14 + dice.roll(90);
        if partial {
            net_sales = net_sales * 45 / 100;
        }
        let orders = if partial { orders * 45 / 100 } else { orders };
        let new_customers = orders / 7 + dice.roll(20);
        let active_customers = orders * 8 / 10;
        MonthRow {
            month: format!("{}-{:02}", 2023 + i / 12, i % 12 + 1),
            partial,
            lebaran: [(2023, 4, 22), (2024, 4, 10), (2025, 3, 31)]
                .into_iter()
                .find(|(year, month, _)| (*year, *month) == (2023 + i / 12, i % 12 + 1))
                .map(|(year, month, day)| format!("{year}-{month:02}-{day:02}")),
            net_sales,
            orders,
            active_customers,
            new_customers,
            returning_customers: active_customers - new_customers,
            average_order: Some(net_sales / orders as i64),
        }
    });
    let mover = |name: &str, now: i64, before: i64, year: Option<i64>| Mover {
        name: name.into(),
        net_sales: now * MILLION,
        previous_month: Some(before * MILLION),
        same_month_last_year: year.map(|year| year * MILLION),
    };
    Trend {
        months: months.collect(),
        slope: Some(SlopeTest { months: 24, sen_slope: 36_400_000 * RUPIAH, p_value: 0.0004 }),
        movers_month: "2025-11".into(),
        categories: vec![
            mover("Biji kopi", 1_612, 1_480, Some(1_395)),
            mover("Mesin espresso", 702, 811, Some(640)),
            mover("Teh & herbal", 318, 266, Some(301)),
            mover("Cangkir & gelas", 204, 231, None),
            mover("Sirup", 166, 166, Some(149)),
        ],
        branches: vec![
            mover("Jakarta Selatan", 1_208, 1_090, Some(1_011)),
            mover("Bandung", 640, 702, Some(688)),
            mover("Surabaya", 711, 668, Some(590)),
            mover("Denpasar", 402, 371, Some(415)),
            mover("Daring", 1_034, 1_011, Some(802)),
        ],
        outlook: super::demo_trend::outlook(),
    }
}

fn profitability(dice: &mut Dice) -> Profitability {
    let curve = |x: f64| match x {
        _ if x <= 0.62 => 1.38 * (1.0 - (1.0 - x / 0.62).powf(2.6)),
        _ => 1.38 - 0.38 * ((x - 0.62) / 0.38).powf(2.4),
    };
    let point = |x: f64| WhalePoint { customer_share: x, contribution_share: curve(x) };
    let total = 9_140 * MILLION + 1_250_050;
    let decile = |decile: u32| {
        let (from, to) = (curve(f64::from(decile - 1) / 10.0), curve(f64::from(decile) / 10.0));
        DecileRow {
            decile,
            customers: 681,
            net_sales: 48_213 * MILLION / 55 * i64::from(11 - decile),
            contribution: ((to - from) * total as f64) as i64,
            contribution_share: to - from,
            cumulative_share: to,
        }
    };
    let mut customer = |index: usize, sign: i64| {
        let rest = 10 - index as i64 % 10;
        CustomerProfit {
            customer_id: format!("C-{:05}", 10_000 + dice.roll(9_999)),
            name: NAMES[index % NAMES.len()].into(),
            orders: 6 + dice.roll(90),
            net_sales: rest * rest * MILLION * 3 + dice.roll(900_000_000) as i64,
            contribution: sign * rest * rest * MILLION / if sign > 0 { 2 } else { 12 } + dice.roll(90_000) as i64,
            reasons: if sign > 0 { Vec::new() } else { vec![("discounts".into(), rest * MILLION)] },
        }
    };
    let best = (0..10).map(|index| customer(index, 1)).collect();
    let worst = (10..20).map(|index| customer(index, -1)).collect();
    let line = |line: &str, customers: i64, anonymous: i64, unallocated: i64| TieOutRow {
        line: line.into(),
        ledger: customers + anonymous + unallocated,
        customers,
        anonymous,
        unallocated,
        ..TieOutRow::default()
    };
    Profitability {
        period: period("2024-12-01", "2025-12-01"),
        whale_curve: Some(WhaleCurve {
            customers: 6_812,
            losing_customers: 2_589,
            points: (0..=100).map(|i| point(f64::from(i) / 100.0)).collect(),
        }),
        deciles: (1..=10).map(decile).collect(),
        waterfall: Some(Waterfall {
            gross_sales: 54_100 * MILLION,
            discounts: 4_262 * MILLION,
            returns: 1_625 * MILLION,
            promotions: 0,
            rebates: 0,
            net_sales: 48_213 * MILLION,
            cogs: 29_873 * MILLION,
            gross_margin: 18_340 * MILLION,
            cost_pools: [
                ("Pengiriman", 3_710),
                ("Komisi marketplace <25 %>", 2_405),
                ("Layanan pelanggan", 1_620),
                ("Pembayaran", 1_465),
            ]
            .map(|(name, amount)| CostPool { name: name.into(), amount: amount * MILLION })
            .to_vec(),
            contribution: total,
        }),
        best,
        worst,
        tie_out: vec![
            line("gross_sales", 4_871_200_312_050, 538_799_687_950, 0),
            line("discounts", 401_377_410_025, 24_822_589_975, 0),
            line("returns", 150_211_904_000, 12_288_096_000, 0),
            line("net_sales", 4_319_610_998_025, 501_689_001_975, 0),
            line("cogs", 2_668_410_087_313, 318_889_912_687, 0),
            line("Pengiriman", 340_112_000_017, 28_400_120_003, 2_487_879_980),
        ],
    }
}
