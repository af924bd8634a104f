//! The bodies of the fuzz targets hold on their seeds, among them every input that fuzzing once broke.

#[path = "../fuzz/bodies.rs"]
mod bodies;

use std::path::Path;

#[test]
fn every_body_holds_on_its_seeds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz");
    for (target, _) in bodies::TARGETS {
        let file = folder.join(format!("fuzz_targets/{target}.rs"));
        assert!(file.is_file(), "{target} has no target");
        let seeds = std::fs::read_dir(folder.join("seeds").join(target));
        let mut count = 0;
        for seed in seeds.expect("a target has seeds") {
            let path = seed.expect("an entry of the folder").path();
            let data = std::fs::read(&path).expect("a seed is a file");
            if std::panic::catch_unwind(|| bodies::run(target, &data)).is_err() {
                panic!("{} does not hold", path.display());
            }
            count += 1;
        }
        assert!(count > 0, "{target} has no seeds");
    }
}
