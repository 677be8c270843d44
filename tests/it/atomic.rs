//! Killed, out of space or cut off from power at any change on disk: the old state or the new one, and the next run
//! gives what an uninterrupted one gives.

use std::process::{Command, Stdio};

use super::support::Project;

const CONFIG: &str = "[sources.customers]\ntable = \"customers\"\nfiles = [\"customers.csv\"]\n\
    [sources.sales]\ntable = \"flat\"\nfiles = [\"sales_{branch}_{day}.csv\"]\nreject_limit = 0.5\n";

fn sales(day: u32, price: u32) -> String {
    let head = "order_id,product_id,customer_id,ordered_at,quantity,unit_price\n";
    let row = |n: u32| format!("{day}-{n},p{n},c{n},2026-01-{day:02} 10:00:00,1,{price}.00\n");
    format!("{head}{}{}{}bad\n", row(1), row(2), row(3))
}

/// A project with a day in the lake and in a run; a second day and a correction of the first wait.
fn waiting() -> Project {
    let project = Project::empty();
    project
        .write("langgan.toml", CONFIG)
        .write("customers.csv", "customer_id,name\nc1,Ann\nc2,Bob\nc3,Cid\n")
        .write("sales_JKT_2026-01-05.csv", sales(5, 10));
    project.ok(&["run", "--quiet"]);
    project.write("sales_JKT_2026-01-05.csv", sales(5, 11)).write("sales_JKT_2026-01-06.csv", sales(6, 12));
    project
}

fn lake(project: &Project) -> Vec<(String, String)> {
    project.files("lake").into_iter().filter(|(name, _)| name != ".lock").collect()
}

const AMOUNT: &[&str] = &["query", "-c", "SELECT SUM(unit_price) AS amount FROM lake_order_lines"];

#[test]
fn ingest_stopped_at_any_change_leaves_the_old_lake_or_the_new() {
    let waiting = waiting();
    let whole = waiting.copy();
    whole.ok(&["ingest", "--quiet"]);
    let (old, new) = (waiting.read("lake/manifest.json"), whole.read("lake/manifest.json"));
    assert_eq!(whole.ok(AMOUNT).stdout, "amount\n6900\n");
    std::thread::scope(|scope| {
        for mode in ["kill", "power", "fail", "once"] {
            let (waiting, whole, old, new) = (&waiting, &whole, &old, &new);
            scope.spawn(move || {
                let mut steps = 0;
                for step in 1.. {
                    let project = waiting.copy();
                    let ran = project.run_with(&["ingest", "--quiet"], &[("LANGGAN_FAULT", &format!("{mode}:{step}"))]);
                    let what = format!("{mode} at {step}");
                    let now = project.read("lake/manifest.json");
                    assert!(now == *old || now == *new, "{what}: {now}");
                    let amount = project.ok(AMOUNT).stdout;
                    assert_eq!(amount, if now == *old { "amount\n3000\n" } else { "amount\n6900\n" }, "{what}");
                    if ran.code == 0 {
                        assert_eq!(lake(&project), lake(whole), "{what}");
                        break;
                    }
                    assert_eq!(
                        ran.code,
                        if mode == "kill" || mode == "power" { -1 } else { 74 },
                        "{what}: {}",
                        ran.stderr
                    );
                    project.ok(&["ingest", "--quiet"]);
                    assert_eq!(lake(&project), lake(whole), "{what}, and again");
                    steps = step;
                }
                assert!(steps > 20, "{mode}: only {steps} steps");
            });
        }
    });
}

#[test]
fn publishing_stopped_at_any_change_leaves_the_old_run_or_the_new() {
    let waiting = waiting();
    waiting.ok(&["ingest", "--quiet"]);
    let (whole, logged) = (waiting.copy(), waiting.copy());
    whole.ok(&["run", "--quiet"]);
    let (old, new) = (waiting.run_files(), whole.run_files());
    assert_ne!(old, new);
    let log = logged.path().join("steps");
    assert_eq!(logged.run_with(&["run", "--quiet"], &[("LANGGAN_FAULT", &format!("log:{}", log.display()))]).code, 0);
    let steps: Vec<String> = logged.read("steps").lines().map(String::from).collect();
    assert!(steps.len() > 60, "{}", steps.len());
    // Writing one file of the draft is like writing another: every tenth, and everything from the first rename on.
    let first = steps.iter().position(|step| step.starts_with("rename")).unwrap();
    let chosen: Vec<usize> = (1..=steps.len()).filter(|step| step % 10 == 0 || *step + 12 > first).collect();
    std::thread::scope(|scope| {
        for mode in ["kill", "power", "fail"] {
            let (waiting, old, new, chosen, steps) = (&waiting, &old, &new, &chosen, &steps);
            scope.spawn(move || {
                for step in chosen {
                    let project = waiting.copy();
                    let ran = project.run_with(&["run", "--quiet"], &[("LANGGAN_FAULT", &format!("{mode}:{step}"))]);
                    let what = format!("{mode} at {step}: {}", steps[*step - 1]);
                    // Taking the old run away afterwards may fail without harm.
                    assert!(ran.code != 0 || steps[*step - 1].starts_with("remove"), "{what}");
                    let now = project.run_files();
                    assert!(now == *old || now == *new, "{what}");
                    project.ok(&["run", "--quiet"]);
                    assert!(project.run_files() == *new, "{what}, and again");
                }
            });
        }
    });
}

#[test]
fn of_eight_runs_at_once_one_wins_and_the_others_say_so() {
    let project = Project::sample();
    let start = || {
        Command::new(env!("CARGO_BIN_EXE_langgan"))
            .args(["run", "--quiet"])
            .current_dir(project.path())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    };
    let runs: Vec<_> = (0..8).map(|_| start()).collect();
    let codes: Vec<i32> = runs.into_iter().map(|mut run| run.wait().unwrap().code().unwrap()).collect();
    assert!(codes.contains(&0) && codes.iter().all(|code| [0, 75].contains(code)), "{codes:?}");
    let alone = Project::sample();
    alone.ok(&["run", "--quiet"]);
    assert_eq!(project.run_files(), alone.run_files());
    let _held = langgan::engine::lock::take(&project.path().join("lake/.lock")).unwrap();
    let runs: Vec<_> = (0..8).map(|_| start()).collect();
    for mut run in runs {
        assert_eq!(run.wait().unwrap().code(), Some(75));
    }
}

/// A small file system of its own, where this user may mount one.
struct Mounted<'p>(&'p Project);

impl Mounted<'_> {
    fn mount<'p>(project: &'p Project, options: &str) -> Option<Mounted<'p>> {
        let done = Command::new("mount").args(["-t", "tmpfs", "-o", options, "none"]).arg(project.path()).output();
        done.is_ok_and(|done| done.status.success()).then_some(Mounted(project))
    }

    fn remount(&self, options: &str) {
        let options = format!("remount,{options}");
        assert!(Command::new("mount").args(["-o", &options]).arg(self.0.path()).status().unwrap().success());
    }
}

impl Drop for Mounted<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}

#[test]
fn a_full_or_read_only_disk_leaves_the_last_good_state() {
    let project = Project::empty();
    let Some(disk) = Mounted::mount(&project, "size=64m") else {
        println!("skipped: this user may not mount a file system");
        return;
    };
    project.write("langgan.toml", CONFIG).write("customers.csv", "customer_id,name\nc1,Ann\nc2,Bob\nc3,Cid\n");
    project.write("sales_JKT_2026-01-05.csv", sales(5, 10));
    project.ok(&["run", "--quiet"]);
    let (manifest, run) = (project.read("lake/manifest.json"), project.run_files());
    project.write("sales_JKT_2026-01-06.csv", sales(6, 12));
    disk.remount("ro");
    assert_eq!(project.run(&["run", "--quiet"]).code, 74);
    disk.remount("rw");
    // All but a few pages of the disk are taken.
    let mut filler = std::fs::File::create(project.path().join("filler")).unwrap();
    while std::io::Write::write_all(&mut filler, &[1; 4096]).is_ok() {}
    let ran = project.run(&["run"]);
    assert_eq!(ran.code, 74, "{}", ran.stderr);
    assert!(ran.stderr.contains("hint: free some space"), "{}", ran.stderr);
    assert_eq!((manifest, run), (project.read("lake/manifest.json"), project.run_files()));
    drop(filler);
    std::fs::remove_file(project.path().join("filler")).unwrap();
    project.ok(&["run", "--quiet"]);
    assert_eq!(project.ok(AMOUNT).stdout, "amount\n6600\n");
}
