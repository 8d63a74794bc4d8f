using System.Text.RegularExpressions;
using Chancery.Guards.Output;
using Chancery.Server.Answers.Prompting;
using Microsoft.Extensions.AI;

namespace Chancery.Server.Answers.Guarding;

/// <summary>
/// The addresses and ids in what a model was told: passages that the reader may open, their question, their conversation. An answer may name these,
/// exactly as they stand there, and no others: what is added to an address could carry something out, and an id from elsewhere is invented or
/// somebody else's. Immutable.
/// </summary>
internal sealed partial class ToldText
{
    private readonly HashSet<Guid> _ids = [];
    private readonly IReadOnlyList<string> _texts;
    private LettersOnly? _letters;

    private ToldText(IEnumerable<string> told)
    {
        IReadOnlyList<string> texts = [.. told];
        _texts = texts;
        var addresses = new HashSet<string>(StringComparer.Ordinal);
        foreach (var text in texts)
        {
            addresses.UnionWith(OutputFilterOptions.AddressesIn(text));
            foreach (var match in Id().EnumerateMatches(text))
            {
                _ids.Add(Guid.ParseExact(text.AsSpan(match.Index, match.Length), "D"));
            }
        }

        Addresses = addresses;
    }

    public IReadOnlySet<string> Addresses { get; }

    /// <summary>Of texts that a model is given.</summary>
    public static ToldText Of(IEnumerable<string> texts) => new(texts);

    /// <summary>Of a prompt; the rules, which are ours, have none.</summary>
    /// <param name="hidden">What placeholders in the messages stand for; the passages are as they were found.</param>
    public static ToldText Of(Prompt prompt, HiddenData? hidden = null) =>
        new(
            TextsOf(prompt.Messages, hidden, prompt.Boundary)
                // Fenced, a passage has lost its tags' brackets, and an address in them may have lost its end.
                .Concat(prompt.Passages.Select(passage => passage.Text))
        );

    /// <summary>Of messages that are not ours, as they are told.</summary>
    /// <param name="hidden">What placeholders in the messages stand for.</param>
    /// <param name="boundary">Of the fences in the messages; only where there are placeholders.</param>
    public static ToldText Of(IEnumerable<ChatMessage> messages, HiddenData? hidden = null, string? boundary = null) =>
        new(TextsOf(messages, hidden, boundary));

    /// <summary>Whether a value stands in what was told, however it is set: letters and digits count, blanks and signs between them do not.</summary>
    public bool IsTold(string value) => (_letters ??= new LettersOnly(_texts)).Holds(value);

    /// <summary>Whether a word is an id that was not told.</summary>
    public bool IsForeign(string word) => Guid.TryParseExact(word, "D", out var id) && !_ids.Contains(id);

    /// <summary>
    /// Of messages with placeholders, what they were made of, as it was and as it is fenced: what is put back into a message would be told, whoever
    /// wrote the placeholder.
    /// </summary>
    private static IEnumerable<string> TextsOf(
        IEnumerable<ChatMessage> messages,
        HiddenData? hidden,
        string? boundary
    ) =>
        hidden is null
            ? messages.Where(message => message.Role != ChatRole.System).Select(message => message.Text)
            : hidden.Texts.Concat(
                hidden.Texts.Select(text =>
                    UntrustedText.Neutralise(text, boundary is { Length: > 0 } ? boundary : "\0")
                )
            );

    [GeneratedRegex(
        "(?<![0-9A-Za-z])[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?![0-9A-Za-z])",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
    )]
    private static partial Regex Id();
}
