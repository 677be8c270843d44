//! Made-up forecast, bridges, anomalies, products and market, for the tests of the page.

use super::{
    AbcMatrix, Anomaly, Bridge, CalendarTest, ForecastChart, ForecastMonth, ForecastPart, MarketShare, Outlook,
    ProductWay,
};

const MILLION: i64 = 1_000_000;

pub(super) fn outlook() -> Outlook {
    let month = |place: i64| format!("{}-{:02}", 2024 + place / 12, place % 12 + 1);
    let ahead = |place: i64| {
        let (forecast, width) = ((4_300 + place * 20) * MILLION, (220 + place * 25) * MILLION);
        ForecastMonth {
            month: month(24 + place),
            forecast,
            inner: Some((forecast - width, forecast + width)),
            outer: Some((forecast - 2 * width, forecast + 2 * width)),
        }
    };
    let steps =
        |steps: &[(&str, i64)]| steps.iter().map(|(key, amount)| ((*key).to_string(), amount * MILLION)).collect();
    let bridge = |parts: &[(&str, i64)]| Bridge {
        base_month: "2024-11".into(),
        month: "2025-11".into(),
        from: 3_700 * MILLION,
        to: (3_700 + parts.iter().map(|part| part.1).sum::<i64>()) * MILLION,
        steps: steps(parts),
    };
    Outlook {
        forecast: Some(ForecastChart {
            past: (0..24).map(|place| (month(place), (3_500 + place * 30 + place % 5 * 90) * MILLION)).collect(),
            months: (0..6).map(ahead).collect(),
            is_better: Some(true),
            tested_months: 12,
            error: Some(144 * MILLION),
            naive_error: Some(310 * MILLION),
            naive_is_last_month: false,
            inside_80: Some(0.82),
            calendar: Some(CalendarTest {
                errors: [188 * MILLION, 144 * MILLION],
                effects: Some([0.24, 0.61, -0.48]),
                unknown_months: 1,
            }),
            lebaran: vec!["2024-04".into(), "2025-03".into(), "2026-03".into()],
        }),
        forecast_parts: vec![
            ForecastPart {
                dimension: "branch".into(),
                name: "Bandung".into(),
                forecast: 900 * MILLION,
                past: 870 * MILLION,
                is_better: Some(true),
            },
            ForecastPart {
                dimension: "category".into(),
                name: "Biji kopi".into(),
                forecast: 0,
                past: 0,
                is_better: None,
            },
        ],
        product_bridge: Some(bridge(&[("price", 120), ("volume", 300), ("mix", -40), ("new", 210), ("lost", -95)])),
        customer_bridge: Some(bridge(&[
            ("new", 410),
            ("reactivated", 90),
            ("retained", 120),
            ("lost", -330),
            ("others", 0),
            ("anonymous", 14),
        ])),
        basket_bridge: Some(bridge(&[("customers", 310), ("frequency", -20), ("basket", 80)])),
        anomalies: vec![
            Anomaly {
                month: "2025-04".into(),
                dimension: "all".into(),
                name: "all".into(),
                actual: 4_900 * MILLION,
                expected: 4_100 * MILLION,
                contribution: Some(1.0),
                is_outside: true,
                ramadan_days: 12,
            },
            Anomaly {
                month: "2025-04".into(),
                dimension: "branch".into(),
                name: "<Bandung>".into(),
                actual: 700 * MILLION,
                expected: 640 * MILLION,
                contribution: Some(0.08),
                is_outside: false,
                ramadan_days: 0,
            },
        ],
        anomaly_months: 12,
        months_judged: 12,
        abc: Some(AbcMatrix {
            cells: vec![
                vec![(12, 5_000 * MILLION), (20, 2_000 * MILLION), (1, MILLION), (0, 0)],
                vec![(9, 600 * MILLION), (31, 700 * MILLION), (8, 80 * MILLION), (2, 9 * MILLION)],
                vec![(4, 40 * MILLION), (70, 200 * MILLION), (90, 150 * MILLION), (11, 5 * MILLION)],
            ],
            moves: Some([14, 11, 9, 6]),
        }),
        products: vec![ProductWay {
            kind: "emerging".into(),
            product_id: "P0007".into(),
            name: "Biji kopi Gayo 1 kg".into(),
            first_month: "2024-02".into(),
            revenue: (310 * MILLION, 190 * MILLION),
            share_change: 0.0123,
            against: "Biji kopi Toraja".into(),
        }],
        market_doubts: vec![("total_too_small".into(), 2)],
        market: vec![MarketShare {
            month: "2025-11".into(),
            category: "all".into(),
            own: 4_100 * MILLION,
            total: 21_000 * MILLION,
            share: Some(0.195),
            changes: (Some(0.004), None),
            largest: Some(("KopiKu".into(), 0.31)),
            price_index: Some((1.07, "KopiKu".into())),
        }],
    }
}
