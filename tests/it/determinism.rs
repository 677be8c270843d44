//! Same input, same bytes: at any thread count, in any order of loading.

use super::support::Project;

#[test]
fn threads_change_nothing() {
    let (one, two) = (Project::sample(), Project::sample());
    one.ok(&["run", "--quiet", "--threads", "1"]);
    two.ok(&["run", "--quiet", "--threads", "3"]);
    assert_eq!(one.run_files(), two.run_files());
    assert_eq!(one.read("lake/manifest.json"), two.read("lake/manifest.json"));
}

#[test]
fn the_order_of_the_files_changes_nothing() {
    let (forward, backward) = (Project::sample(), Project::sample());
    forward.ok(&["run", "--quiet"]);
    let config = backward.read("langgan.toml");
    let mut branches: Vec<String> = std::fs::read_dir(backward.path().join("exports"))
        .unwrap()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str().and_then(|name| name.strip_prefix("orders-").map(String::from)))
        .collect();
    branches.sort();
    branches.reverse();
    let list = |kind: &str| {
        branches.iter().map(|branch| format!("\"exports/{kind}-{branch}\"")).collect::<Vec<_>>().join(", ")
    };
    let config =
        config.replace("\"exports/orders-*.csv\"", &list("orders")).replace("\"exports/lines-*.csv\"", &list("lines"));
    assert!(config.contains(&list("orders")) && config.contains(&list("lines")));
    backward.write("langgan.toml", config);
    backward.ok(&["run", "--quiet"]);
    let tables = |project: &Project| {
        project.run_files().into_iter().filter(|(name, _)| name.starts_with("tables/")).collect::<Vec<_>>()
    };
    assert_eq!(tables(&forward), tables(&backward));
}

#[test]
fn branch_by_branch_equals_all_at_once() {
    let (whole, parts) = (Project::sample(), Project::sample());
    whole.ok(&["run", "--quiet"]);
    let lines: Vec<_> =
        std::fs::read_dir(parts.path().join("exports")).unwrap().flatten().map(|entry| entry.path()).collect();
    let late: Vec<_> =
        lines.iter().filter(|path| path.file_name().unwrap().to_string_lossy().contains("SBY")).collect();
    assert_eq!(late.len(), 2);
    let away = parts.path().join("away");
    std::fs::create_dir(&away).unwrap();
    for path in &late {
        std::fs::rename(path, away.join(path.file_name().unwrap())).unwrap();
    }
    parts.ok(&["ingest", "--quiet"]);
    for path in &late {
        std::fs::rename(away.join(path.file_name().unwrap()), path).unwrap();
    }
    parts.ok(&["run", "--quiet"]);
    let tables = |project: &Project| {
        project.run_files().into_iter().filter(|(name, _)| name.starts_with("tables/")).collect::<Vec<_>>()
    };
    assert_eq!(tables(&whole), tables(&parts));
}

#[test]
fn order_totals_are_the_same_with_and_without_the_lines() {
    use langgan::calendar::day_number;
    use langgan::facts::{Facts, Parts, load, load_parts};
    use langgan::lake::{LakeDir, Manifest};
    let project = Project::sample();
    project.ok(&["ingest", "--quiet"]);
    let lake = LakeDir(project.path().join("lake"));
    let manifest = Manifest::read(&lake).unwrap();
    let as_of = day_number(2025, 7, 1).unwrap();
    let whole = load(&lake, &manifest, as_of).unwrap();
    let streamed = load_parts(&lake, &manifest, as_of, Parts { sums: true, ..Parts::ORDERS }).unwrap();
    let sales = load_parts(&lake, &manifest, as_of, Parts::ORDERS).unwrap();
    assert!(whole.totals.len() > 1000 && !whole.lines.product.is_empty() && streamed.lines.product.is_empty());
    assert_eq!(whole.totals, streamed.totals);
    assert_eq!(whole.orders.n_lines, streamed.orders.n_lines);
    assert!(sales.totals.is_empty());
    for order in 0..whole.orders.len() {
        let said = |facts: &Facts| (facts.net(order), facts.is_sale(order), facts.has_returned(order));
        assert_eq!(said(&whole), said(&sales));
    }
}
