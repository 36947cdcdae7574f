import ArgumentParser

/// The values of `--format`.
enum CaseFormat: String, ExpressibleByArgument, CaseIterable {
    case text, json, junit, tap
}
