/// What the control socket offers of take-overs.
struct UpgradeControl: Sendable {
    let upgrade: Upgrade

    var routes: [ControlRoute] {
        [
            ControlRoute("GET", "/generations", .read, "This process and those before it that drain.") { _ in
                .value(upgrade.report)
            },
            ControlRoute("POST", "/upgrade", .operate, "Replaces the process by a new one.") {
                request async throws(ControlRefusal) in
                let wanted = try UpgradeRequest(decoding: request.body)
                // Else a token would be the right to start any program of the machine.
                guard wanted.binary == nil || request.isLocal else {
                    throw ControlRefusal(403, "another program can be named over the UNIX socket alone")
                }
                let report = await upgrade.run(wanted)
                var response = ControlResponse.value(report)
                if !report.upgraded { response.status = UpgradeReport.failureStatus }
                return response
            },
        ]
    }
}
