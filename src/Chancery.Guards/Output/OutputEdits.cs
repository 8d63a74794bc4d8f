using System.Text.RegularExpressions;
using Chancery.Guards.PersonalData;

namespace Chancery.Guards.Output;

/// <summary>A change that a rule asks for.</summary>
/// <param name="Words">What stays of it when it is removed.</param>
internal readonly record struct OutputEdit(
    int Start,
    int Length,
    OutputRule Rule,
    string What,
    OutputAction Action,
    string Words = ""
)
{
    public int End => Start + Length;
}

/// <summary>All rules of a filter, on a text that is a whole to them.</summary>
internal sealed partial class OutputEdits
{
    private readonly OutputFilterOptions _options;
    private readonly Canaries _canaries;
    private readonly LinkRules _links;

    public OutputEdits(OutputFilterOptions options)
    {
        _options = options;
        _canaries = new(options.Canaries);
        _links = new(options.AllowedHosts, options.AllowsAnyLink, options.AllowedAddresses, options.AllowsImages);
    }

    /// <summary>What is asked for from a place on, in order, none over another.</summary>
    /// <param name="text">With what stands before the place, which decides what a word is.</param>
    /// <param name="from">Where the text begins that may be changed.</param>
    public List<OutputEdit> Find(string text, int from)
    {
        var edits = new List<OutputEdit>();
        AddCanaries(text, edits);
        AddSecrets(text, edits);
        AddLinks(text, edits);
        AddForeignIds(text, edits);
        AddPersonalData(text, edits);
        AddToolCalls(text, edits);
        return Merge(edits, from);
    }

    private void AddCanaries(string text, List<OutputEdit> edits)
    {
        var found = new List<(int Start, int Length)>();
        _canaries.Find(text, found);
        foreach (var (start, length) in found)
        {
            edits.Add(new(start, length, OutputRule.Canary, "canary", _options.OnCanary));
        }
    }

    private void AddSecrets(string text, List<OutputEdit> edits)
    {
        if (_options.OnSecret is not { } action)
        {
            return;
        }

        var found = new List<(int Start, int Length, string What)>();
        SecretShapes.Find(text, found);
        foreach (var (start, length, what) in found)
        {
            edits.Add(new(start, length, OutputRule.Secret, what, action));
        }
    }

    private void AddLinks(string text, List<OutputEdit> edits)
    {
        if (_options.OnLink is not { } action)
        {
            return;
        }

        var found = new List<FoundLink>();
        _links.Find(text, found);
        foreach (var link in found)
        {
            edits.Add(new(link.Start, link.Length, OutputRule.Link, link.What, action, link.Words));
        }
    }

    private void AddForeignIds(string text, List<OutputEdit> edits)
    {
        if (_options.IsForeignId is not { } isForeign)
        {
            return;
        }

        foreach (var match in Id().EnumerateMatches(text))
        {
            if (isForeign(text.Substring(match.Index, match.Length)))
            {
                edits.Add(new(match.Index, match.Length, OutputRule.ForeignId, "id", _options.OnForeignId));
            }
        }
    }

    private void AddPersonalData(string text, List<OutputEdit> edits)
    {
        if (_options.PersonalData is not { } wanted)
        {
            return;
        }

        foreach (var span in PersonalDataDetector.Find(text, wanted))
        {
            if (_options.IsKnownPersonalData?.Invoke(text.Substring(span.Start, span.Length)) == true)
            {
                continue;
            }

            edits.Add(
                new(span.Start, span.Length, OutputRule.PersonalData, span.Kind.ToString(), _options.OnPersonalData)
            );
        }
    }

    private void AddToolCalls(string text, List<OutputEdit> edits)
    {
        if (_options.OnToolCall is not { } action)
        {
            return;
        }

        foreach (var match in ToolCallMark().EnumerateMatches(text))
        {
            edits.Add(new(match.Index, match.Length, OutputRule.ToolCall, "tool-call", action));
        }
    }

    /// <summary>What overlaps is changed as one, in the sterner way; of what reaches back before the place, the rest is changed.</summary>
    private static List<OutputEdit> Merge(List<OutputEdit> edits, int from)
    {
        var merged = new List<OutputEdit>();
        foreach (var edit in edits.Where(edit => edit.End > from).OrderBy(edit => edit.Start).ThenBy(edit => edit.Rule))
        {
            var start = Math.Max(edit.Start, from);
            var clipped = edit with { Start = start, Length = edit.End - start };
            if (merged is [.., var last] && clipped.Start < last.End)
            {
                // A bare address inside a link is the link's, and the link's words stay.
                if (clipped.End <= last.End && clipped.Action <= last.Action)
                {
                    continue;
                }

                var end = Math.Max(last.End, clipped.End);
                var sterner = clipped.Action > last.Action ? clipped : last;
                merged[^1] = sterner with { Start = last.Start, Length = end - last.Start, Words = "" };
            }
            else
            {
                merged.Add(clipped);
            }
        }

        return merged;
    }

    // Of the templates of Hermes and Qwen, Anthropic's, Mistral's, Llama's and DeepSeek's models.
    [GeneratedRegex(
        @"</?(?:[a-z]{1,16}:)?(?:tool_?calls?|tool_use|function_?calls?|invoke)(?:[\s/][^<>]{0,400})?>|</?function(?:=[^<>]{0,200})?>"
            + @"|<[|｜](?:python_tag|(?:tool|function)[_▁ ]?[^<>|｜]{0,40})[|｜]>|\[/?TOOL_CALLS\]",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
    )]
    private static partial Regex ToolCallMark();

    [GeneratedRegex(
        @"(?<![A-Za-z0-9_-])(?=[A-Za-z_-]{0,63}[0-9])[A-Za-z0-9_-]{8,64}(?![A-Za-z0-9_-])",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex Id();
}
