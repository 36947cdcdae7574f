/// The simulation for each method and each scenario, and for several numbers of event loops.
struct TailLatency {
    /// Of each method, by scenario.
    let results: [(method: Method, results: [Simulation.Result])]
    private let keys: PopularKeys

    init() {
        let keys = PopularKeys()
        self.keys = keys
        results = Method.all.map { method in
            (
                method,
                Scenario.all.map { scenario in
                    var simulation = Simulation(method, scenario, keys: keys)
                    return simulation.run()
                }
            )
        }
    }

    /// Half of all requests, 99 and 99.9 percent of them took at most so many milliseconds.
    func table() -> String {
        var lines = [header(["method"] + Scenario.all.map(\.title))]
        for (method, results) in results {
            let cells = results.map { result in
                let times = [0.5, 0.99, 0.999].map { milliseconds(result.quantile($0)) }.joined(
                    separator: " / "
                )
                return result.failures == 0 ? times : "\(times), \(result.failures) failed"
            }
            lines.append(row(["`\(method.title)`"] + cells))
        }
        return lines.joined(separator: "\n")
    }

    /// What it costs that loops do not know each other's requests.
    func loopsTable() -> String {
        let titles = ["round_robin", "least_conn", "least_time", "random two"]
        var lines = [header(["method", "requests in flight", "1 loop", "4 loops", "16 loops"])]
        for method in Method.all where titles.contains(method.title) {
            for isShared in [true, false] where isShared || method.title != "round_robin" {
                let cells = [1, 4, 16].map { loops in
                    var simulation = Simulation(
                        method,
                        Scenario.all[1],
                        keys: keys,
                        loops: loops,
                        sharesCounts: isShared
                    )
                    let result = simulation.run()
                    return [0.5, 0.99].map { milliseconds(result.quantile($0)) }.joined(separator: " / ")
                }
                let counts =
                    method.title == "round_robin" ? "not used" : isShared ? "of all loops" : "of the own loop"
                lines.append(row(["`\(method.title)`", counts] + cells))
            }
        }
        return lines.joined(separator: "\n")
    }
}

func milliseconds(_ seconds: Double) -> String {
    String(Int((seconds * 1000).rounded()))
}
