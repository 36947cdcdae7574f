import Foundation

// Balancing methods compared, without sockets: `balance` prints the tables of docs/balancing.md, `balance DOCS` writes
// them into DOCS/balancing.md and the plot to DOCS/balancing.svg, the same in every run; `balance cost` prints what picks
// cost on this machine.

guard CommandLine.arguments.dropFirst().first != "cost" else {
    print(Cost.table())
    exit(0)
}
let latency = TailLatency()
let tables = [
    ("distribution", Distribution.table()), ("disruption", Disruption.table()),
    ("latency", latency.table()), ("loops", latency.loopsTable()), ("skew", Skew.table()),
]
if CommandLine.arguments.count == 2 {
    let folder = URL(filePath: CommandLine.arguments[1])
    let page = folder.appending(path: "balancing.md")
    var text = try String(contentsOf: page, encoding: .utf8)
    for (name, table) in tables {
        guard let start = text.range(of: "<!-- table: \(name) -->\n"),
            let end = text.range(of: "<!-- end -->", range: start.upperBound..<text.endIndex)
        else { continue }
        text.replaceSubrange(start.upperBound..<end.lowerBound, with: table + "\n")
    }
    try text.write(to: page, atomically: true, encoding: .utf8)
    try Plot(latency: latency).svg().write(
        to: folder.appending(path: "balancing.svg"),
        atomically: true,
        encoding: .utf8
    )
} else {
    for (name, table) in tables { print("## \(name)\n\n\(table)\n") }
}
