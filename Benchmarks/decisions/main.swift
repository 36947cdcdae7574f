import Glibc
import Routing
import RoutingConfig

// Measures decisions: `decisions` runs every table in a process of its own and prints the table of
// docs/routing-scale.md; `decisions <shape> <rules>` prints one row; `decisions flood` prints what a flood of
// hosts does to the memory of decisions.

let arguments = CommandLine.arguments
if arguments.count == 3, let shape = Shape(rawValue: arguments[1]), let count = Int(arguments[2]) {
    try Row.print(shape, count)
} else if arguments.count == 2, arguments[1] == "flood" {
    try Flood.print()
} else {
    print(Row.header)
    fflush(nil)
    for shape in Shape.allCases {
        for count in [10, 1_000, 10_000, 100_000] where count <= shape.most {
            // Of a process of its own the peak of memory is this table's alone.
            let command = "'\(arguments[0])' \(shape.rawValue) \(count)"
            guard system(command) == 0 else { exit(1) }
        }
    }
}
