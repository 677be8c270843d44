//! The sections of the made-up business on customers and on what to do with them.

use super::demo::{Dice, MILLION, NAMES, RUPIAH, period};
use super::*;

pub(super) fn segments() -> Segments {
    let name = |r: u32, f: u32| match (r, f) {
        (5, 4..) | (4, 5) => "champions",
        (3.., 4..) => "loyal",
        (4.., 2 | 3) => "potential_loyalist",
        (5, 1) => "new",
        (4, 1) => "promising",
        (3, 3) => "need_attention",
        (3, _) => "about_to_sleep",
        (1, 5) => "cannot_lose",
        (_, 3..) => "at_risk",
        (2, _) => "hibernating",
        _ => "lost",
    };
    let cells = (1..=5).flat_map(|r| (1..=5).map(move |f| (r, f)));
    let map = cells.map(|(recency, frequency): (u32, u32)| {
        let near = 5 - u64::from(recency.abs_diff(frequency));
        let customers = 40 + near * near * 28 + u64::from(recency * frequency) * 5;
        RfmCell { recency, frequency, customers, segment: name(recency, frequency).into() }
    });
    let map: Vec<_> = map.filter(|cell| (cell.recency, cell.frequency) != (1, 5)).collect();
    let all: u64 = map.iter().map(|cell| cell.customers).sum();
    let order = [
        ("champions", 19_800, 9.0),
        ("loyal", 10_900, 24.0),
        ("potential_loyalist", 6_100, 21.0),
        ("new", 900, 8.0),
        ("promising", 700, 26.0),
        ("need_attention", 2_900, 58.0),
        ("about_to_sleep", 1_800, 71.0),
        ("at_risk", 3_700, 148.0),
        ("hibernating", 900, 190.0),
        ("lost", 413, 402.0),
    ];
    let rows = order.map(|(segment, sales, average_recency_days)| {
        let customers = map.iter().filter(|c| c.segment == segment).map(|c| c.customers).sum();
        SegmentRow {
            segment: segment.into(),
            customers,
            share: customers as f64 / all as f64,
            net_sales: sales * MILLION,
            average_recency_days,
        }
    });
    let step = |from: &str, to: &str, customers| SegmentMove {
        from: from.into(),
        to: to.into(),
        customers,
        money_then: customers as i64 * MILLION,
        money_now: customers as i64 * 2 * MILLION,
    };
    let moves = SegmentMoves {
        since: "2025-12-01".into(),
        segments: ["champions", "loyal", "hibernating"].map(String::from).to_vec(),
        cells: vec![
            step("champions", "champions", 812),
            step("champions", "loyal", 41),
            step("loyal", "hibernating", 7),
            step("loyal", "outside", 3),
            step("outside", "champions", 12),
        ],
        causes: [(30, 60 * MILLION), (15, 30 * MILLION), (3, 6 * MILLION), (0, 0)],
    };
    let own = OwnSegment {
        segment: "big_but_silent".into(),
        meaning: "<script>alert(1)</script>".into(),
        customers: 17,
        share: 0.006,
        net_sales: 90 * MILLION,
        contribution: 21 * MILLION,
    };
    let overlap = SegmentOverlap { segment: "big_but_silent".into(), other: "vip".into(), customers: 5 };
    Segments {
        rows: rows.to_vec(),
        map,
        by_contribution: false,
        moves: Some(moves),
        own: vec![own],
        overlaps: vec![overlap],
    }
}

pub(super) fn churn(dice: &mut Dice) -> Churn {
    let reasons = [
        "94 days since the last order, usually every 31",
        "orders down 60 % in half a year",
        "two returns in a row",
        "complaint open for 12 days",
    ];
    let customer = |index: usize| ChurnCustomer {
        customer_id: format!("C-{:05}", 20_000 + index * 37),
        name: NAMES[(index + 3) % NAMES.len()].into(),
        probability: 0.95 - index as f64 * 0.017 - dice.share() * 0.05,
        profit_at_risk: (28 - index as i64) * 1_213_000 * RUPIAH,
        reasons: (0..=index % 3).map(|i| reasons[(index + i) % 4].into()).collect(),
    };
    let band = |band: &str, lower, upper, customers, expected_churners, profit: i64| RiskBand {
        band: band.into(),
        lower,
        upper,
        customers,
        expected_churners,
        profit_at_risk: profit * MILLION,
    };
    let metric = |metric: &str, higher_is_better, values: [f64; 3]| MetricRow {
        metric: metric.into(),
        higher_is_better,
        best_at_one: false,
        model: Some(values[0]),
        baselines: vec![Some(values[1]), (metric != "Brier score").then_some(values[2])],
    };
    Churn {
        horizon_days: 90,
        customers: (0..23).map(customer).collect(),
        bands: vec![
            band("high", 0.6, 1.0, 1_044, 771.4, 812),
            band("medium", 0.3, 0.6, 2_180, 942.1, 604),
            band("low", 0.0, 0.3, 3_588, 401.8, 190),
        ],
        model_card: Some(ModelCard {
            model: "Logistic".into(),
            baselines: vec!["Recency rule".into(), "RFM score".into()],
            naive: vec!["Recency rule".into()],
            test_period: period("2025-06-01", "2025-09-01"),
            test_customers: 6_204,
            metrics: vec![
                metric("ROC AUC", true, [0.842, 0.781, 0.797]),
                metric("PR AUC", true, [0.611, 0.522, 0.548]),
                metric("Brier score", false, [0.131, 0.168, 0.0]),
                metric("Lift in the top tenth", true, [3.12, 2.66, 3.12]),
            ],
            winner: "Logistic".into(),
            serving: None,
            too_few: None,
        }),
    }
}

pub(super) fn subscriptions() -> Subscriptions {
    Subscriptions {
        horizon_months: 3,
        running: 512,
        ended: 88,
        monthly: 120 * MILLION,
        survival: vec![(1, 0.95, (0.93, 0.97)), (6, 0.85, (0.8, 0.9)), (24, 0.6, (0.5, 0.7))],
        bands: vec![RiskBand { band: "high".into(), lower: 0.5, upper: 1.0, customers: 31, ..RiskBand::default() }],
        customers: vec![ChurnCustomer { customer_id: "C-1".into(), probability: 0.7, ..ChurnCustomer::default() }],
        model_card: None,
    }
}

pub(super) fn lifetime() -> Lifetime {
    let tenth = |value: i64| LifetimeTenth {
        customers: 681,
        value: value * MILLION,
        interval: (0, value * RUPIAH),
        so_far: value * 2 * MILLION,
    };
    Lifetime {
        months: 12,
        tenths: [4_100, 1_900, 800, 300, 120, 60, 20, 8, 2, 0].map(tenth).to_vec(),
        method: "mbg_nbd".into(),
        coverage: Some(0.79),
        model_card: None,
    }
}

pub(super) fn cohorts(dice: &mut Dice) -> Cohorts {
    let row = |i: u32| {
        let (year, month) = if i < 12 { (2024, i + 1) } else { (2025, i - 11) };
        let observed = 23 - i as usize;
        let share = |offset: usize, noise: f64| match offset {
            0 => 1.0,
            _ => 0.13 + 0.34 / (offset as f64).powf(0.8) * (0.9 + noise * 0.3),
        };
        CohortRow {
            cohort: format!("{year}-{month:02}"),
            customers: 160 + dice.roll(90),
            retention: (0..13).map(|o| (o <= observed).then(|| share(o, dice.share()))).collect(),
            brought: (420_000_000, 61_000_000),
            contribution: (0..=observed.min(12) as i64).map(|age| 30_000_000 + age * 2_500_000).collect(),
        }
    };
    Cohorts { rows: (0..24).map(row).collect() }
}

pub(super) fn offers() -> Offers {
    let rule = |from: &[&str], to: &str, n_both: u64, n_antecedent: u64, lift: f64| AssociationRule {
        antecedent: from.iter().map(|item| (*item).into()).collect(),
        consequent: to.into(),
        n_both,
        n_antecedent,
        confidence: n_both as f64 / n_antecedent as f64,
        realised: (n_antecedent > 350).then(|| 0.8 * n_both as f64 / n_antecedent as f64),
        lift,
        lift_lower: lift * 0.86,
        q_value: 0.0002 * lift,
    };
    Offers {
        rules: vec![
            rule(&["Mesin espresso"], "Biji kopi Gayo 1 kg", 412, 1_084, 4.2),
            rule(&["Penggiling", "Timbangan"], "Kertas saring V60", 188, 301, 6.9),
            rule(&["Teh melati"], "Gelas kaca <250 ml>", 96, 410, 2.4),
            rule(&["Sirup vanila"], "Sirup karamel", 240, 655, 5.1),
        ],
        n_rules: 4,
        rules_cut: 0,
        replay: Some(Replay { baskets: 612, mined: 0.371, realised: 0.302, by_chance: 0.081 }),
        counts: vec![
            OfferCount {
                kind: "cross_sell".into(),
                customers: 1_904,
                offers: 2_733,
                measure: "customers",
                hit_rate: Some(0.071),
                naive_hit_rate: Some(0.058),
                no_better_than: "",
            },
            OfferCount {
                kind: "up_sell".into(),
                customers: 612,
                offers: 640,
                measure: "offers",
                hit_rate: Some(0.031),
                naive_hit_rate: None,
                no_better_than: "",
            },
        ],
        twice: 0,
        removed: vec![("removed_stock".into(), 148), ("removed_open_complaint".into(), 12)],
    }
}

pub(super) fn queue(dice: &mut Dice) -> FollowUpQueue {
    let agents = ["Rina", "Yusuf", "Maria", "Putu", "Hendra"];
    let kinds = ["churn_risk", "win_back", "cross_sell", "up_sell"];
    let contact = |index: usize| NextContact {
        agent: agents[index % 5].into(),
        customer_id: format!("C-{:05}", 30_000 + index * 53),
        name: NAMES[index % NAMES.len()].into(),
        reason: kinds[index % 4].into(),
        channel: ["WhatsApp", "Telepon", "E-mail"][index % 3].into(),
        offer: if index % 4 > 1 { "Biji kopi Gayo 1 kg".into() } else { String::new() },
        value: (18 - index as i64) * 2_310_000 * RUPIAH,
    };
    let agent = |agent: &&str| {
        let contacts = 60 - dice.roll(25);
        AgentQueue { agent: (*agent).into(), contacts, cap: Some(60), value: contacts as i64 * 3 * MILLION }
    };
    let reason = |reason: &str, no_consent, over_cap, control, queued| ReasonCount {
        reason: reason.into(),
        eligible: no_consent + over_cap + control + queued,
        no_consent,
        over_cap,
        unreachable: 0,
        control,
        queued,
    };
    FollowUpQueue {
        nobody_consents: false,
        agents: agents.iter().map(agent).collect(),
        reasons: vec![
            reason("churn_risk", 88, 740, 104, 112),
            reason("win_back", 61, 402, 55, 74),
            reason("cross_sell", 190, 1_480, 183, 51),
            reason("up_sell", 40, 510, 41, 21),
        ],
        next_contacts: (0..18).map(contact).collect(),
    }
}

pub(super) fn quality() -> DataQuality {
    let source = |source: &str, accepted, rejected, duplicate, superseded| SourceRows {
        source: source.into(),
        received: accepted + rejected + duplicate + superseded,
        accepted,
        rejected,
        duplicate,
        superseded,
    };
    let reject = |code: &str, rows, location: &str, example: &str| RejectCode {
        code: code.into(),
        rows,
        location: location.into(),
        example: example.into(),
    };
    let mismatch = |branch: &str, day: &str, expected, actual| ControlMismatch {
        branch: branch.into(),
        day: day.into(),
        expected,
        actual,
        difference: actual - expected,
    };
    DataQuality {
        sources: vec![
            source("customers", 12_480, 12, 3, 141),
            source("orders", 41_208, 31, 0, 12),
            source("order_lines", 118_402, 240, 61, 0),
            source("returns", 2_310, 4, 0, 0),
            source("consents", 9_211, 0, 0, 105),
        ],
        rejects: vec![
            reject(
                "UNKNOWN_PRODUCT",
                198,
                "order_lines_2025-11.csv:4210",
                "SO-88121;7;<img src=x onerror=\"alert(1)\">;2;18500",
            ),
            reject("BAD_DATE", 57, "orders_2025-11.csv:77", "SO-77120;31/02/2025;C-10042;BDG"),
            reject("NEGATIVE_QUANTITY", 32, "order_lines_2025-10.csv:901", "SO-70011;2;KOPI-GAYO-1KG;-3;=cmd()"),
        ],
        control_totals_checked: 5_310,
        control_mismatches: vec![
            mismatch("Bandung", "2025-11-30", 2_418_250_000, 2_399_750_000),
            mismatch("Denpasar", "2025-12-02", 1_102_000_000, 1_102_000_100),
        ],
        arrivals: Some(arrivals()),
        notices: vec![
            "Branch Medan delivered no file for 3 Dec 2025.".into(),
            "7 customers have two phone numbers; the later one is used.".into(),
        ],
    }
}

fn arrivals() -> Arrivals {
    let statuses = ["ok", "ok", "resent", "ok", "closed", "late", "ok", "missing", "ok", "failed"];
    let day = |place: usize| Arrival { status: statuses[place % statuses.len()], orders: 3 + place as u64 % 9 };
    let branch = |(number, branch): (usize, &str)| BranchArrivals {
        branch: branch.into(),
        days: (0..28).map(|place| day(place * (number + 3))).collect(),
    };
    Arrivals {
        days: (1..=28).map(|day| format!("2025-11-{day:02}")).collect(),
        branches: ["Bandung", "Denpasar", "<b>Medan</b>"].into_iter().enumerate().map(branch).collect(),
        exceptions: vec![OpenException {
            what: "the branch's control totals differ from what arrived".into(),
            cause: "two digits may be swapped: lines.csv line 214, unit_price 45000 → 54000".into(),
            is_error: true,
            branch: "Bandung".into(),
            owner: "Sri".into(),
            day: "2025-11-30".into(),
            state: "reopened".into(),
            age_days: 3,
            amount: 2_399_750_000,
            customers: 41,
        }],
        held: vec!["Bandung 2025-11-30".into()],
    }
}
