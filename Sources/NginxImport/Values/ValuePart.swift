/// A part of a value with variables.
enum ValuePart: Hashable {
    case literal(String)
    /// A variable of the request or of a map, in lower case.
    case variable(String)
    /// A group of a regular expression, by the expression's id.
    case capture(regex: Int, number: Int)
    /// `$1` in the text, before it is known which expression it refers to.
    case number(Int)
}
