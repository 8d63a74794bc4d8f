namespace Chancery.Search;

/// <summary>The documents that a question names by their titles. Pure; safe for concurrent use.</summary>
/// <param name="Places">In the list of names given; empty when the question names none, or most of them.</param>
/// <param name="Terms">What names them, as <see cref="TextAnalyzer"/> gives it: no page has to repeat it.</param>
public sealed record NamedDocuments(IReadOnlyList<int> Places, IReadOnlySet<string> Terms)
{
    /// <summary>A name that so many documents share chooses none.</summary>
    private const int MostNamed = 40;

    private static readonly NamedDocuments None = new([], new HashSet<string>());

    public static NamedDocuments Find(string question, IReadOnlyList<DocumentName> names)
    {
        ArgumentNullException.ThrowIfNull(question);
        ArgumentNullException.ThrowIfNull(names);

        var asked = new DocumentName.AskedWords(question);
        var best = 0;
        var places = new List<int>();
        var named = new HashSet<int>();
        var marked = new HashSet<int>();
        for (var i = 0; i < names.Count; i++)
        {
            marked.Clear();
            names[i].MarkNames(asked, marked);
            if (marked.Count < best || marked.Count == 0)
                continue;
            if (marked.Count > best)
            {
                best = marked.Count;
                places.Clear();
                named.Clear();
            }

            places.Add(i);
            named.UnionWith(marked);
        }

        if (places.Count == 0 || places.Count > MostNamed || (names.Count > 3 && places.Count * 2 > names.Count))
            return None;

        var terms = named
            .SelectMany(place => TextAnalyzer.Analyze(question[asked.Words[place].Start..asked.Words[place].End]))
            .Select(token => token.Term)
            .ToHashSet();
        return new NamedDocuments(places, terms);
    }
}
