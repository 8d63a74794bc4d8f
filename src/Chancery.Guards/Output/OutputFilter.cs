using System.Text;
using Chancery.Guards.Injection;

namespace Chancery.Guards.Output;

/// <summary>
/// Stands between a model and whoever reads its answer. What comes out depends on the text alone and not on where it was cut into pieces, and
/// nothing passes that is part of what a rule catches. For one answer; not safe for concurrent use. Linear in the text.
/// </summary>
/// <remarks>
/// Text passes word by word, and what is in brackets, in a tag or in a key's armour as a whole. At most some twelve thousand UTF-16 units are
/// held back; a tag or a link's place that is longer is removed. What passed before a hit is not taken back.
/// </remarks>
public sealed class OutputFilter
{
    private const int MostHeld = 12_288;

    /// <summary>More than any rule needs to know that something of its own has begun.</summary>
    private const int Overlap = 4_200;

    /// <summary>How much of what passed may tell what a number is.</summary>
    private const int MostContext = 160;

    /// <summary>What is left when something goes may be a thing itself; so often is looked again.</summary>
    private const int MostPasses = 16;

    private readonly OutputFilterOptions _options;
    private readonly OutputEdits _edits;
    private readonly HeldText _held = new();
    private readonly StringBuilder _passed = new();
    private readonly List<OutputHit> _hits = [];
    private string _before = "";
    private long _position;
    private Swallowing _swallowing;
    private string _swallowed = "";

    /// <exception cref="ArgumentException">A canary is too short, or has signs in it.</exception>
    public OutputFilter(OutputFilterOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _edits = new(options);
    }

    private enum Swallowing
    {
        Nothing,
        Word,
        Tag,
        Place,
        Armour,
    }

    /// <summary>What was caught so far, in the text's order.</summary>
    public IReadOnlyList<OutputHit> Hits => _hits;

    /// <summary>Whether nothing passes any more.</summary>
    public bool IsStopped { get; private set; }

    /// <summary>What may pass now, after what was held back before.</summary>
    public string Append(ReadOnlySpan<char> piece)
    {
        foreach (var c in piece)
        {
            if (IsStopped)
            {
                break;
            }

            Take(c);
        }

        return Passed();
    }

    /// <summary>What was still held back, after the last piece.</summary>
    public string Complete()
    {
        if (!IsStopped)
        {
            Pass(_held.Take());
        }

        return Passed();
    }

    /// <summary>A whole text through a filter of its own.</summary>
    public static (string Text, IReadOnlyList<OutputHit> Hits) Apply(string text, OutputFilterOptions options)
    {
        var filter = new OutputFilter(options);
        return (filter.Append(text) + filter.Complete(), filter.Hits);
    }

    private void Take(char c)
    {
        if (_swallowing != Swallowing.Nothing)
        {
            _position++;
            Swallow(c);
            return;
        }

        _held.Append(c);
        var mayPass = _options.PersonalData is null ? char.IsWhiteSpace(c) : c == '\n';
        if (mayPass && !_held.IsOpen)
        {
            Pass(_held.Take());
        }
        else if (_held.Length >= MostHeld)
        {
            PassLong();
        }
    }

    /// <summary>Lets the beginning go of what is too long to be held; what is caught at its end goes on to be, without being held.</summary>
    private void PassLong()
    {
        var text = _held.ToString();
        var edits = _edits.Find(_before + text, _before.Length);
        if (_options.OnLink is { } action && ((_held.IsTag && text.Contains('=')) || _held.IsPlace))
        {
            var isTag = _held.IsTag;
            var start = Math.Max(0, text.LastIndexOf(isTag ? "<" : "](", StringComparison.Ordinal));
            _held.Take();
            Pass(text[..start]);
            if (!IsStopped)
            {
                Hit(new(0, text.Length - start, OutputRule.Link, isTag ? "html" : "link", action));
                _position += text.Length - start;
                _swallowing =
                    IsStopped ? Swallowing.Nothing
                    : isTag ? Swallowing.Tag
                    : Swallowing.Place;
            }

            return;
        }

        var end = _before.Length + text.Length;
        if (edits is [.., var last] && last.End == end)
        {
            var isArmoured = _held.IsArmoured;
            _swallowed = text[^128..];
            Pass(_held.Take());
            _swallowing =
                IsStopped ? Swallowing.Nothing
                : isArmoured ? Swallowing.Armour
                : Swallowing.Word;
            return;
        }

        var place = text.Length - Overlap;
        foreach (var edit in edits)
        {
            var (from, to) = (edit.Start - _before.Length, edit.End - _before.Length);
            place = from < place && place < to ? to : place;
        }

        // A pair of surrogates stays together.
        place -= char.IsHighSurrogate(text[place - 1]) ? 1 : 0;
        Pass(_held.TakeUpTo(place));
    }

    private void Swallow(char c)
    {
        switch (_swallowing)
        {
            case Swallowing.Word when char.IsWhiteSpace(c) || c is '"' or '<' or '>' or ')' or ']':
                _swallowing = Swallowing.Nothing;
                _position--;
                Take(c);
                break;
            case Swallowing.Tag when c == '>':
            case Swallowing.Place when c == ')':
                _swallowing = Swallowing.Nothing;
                break;
            case Swallowing.Armour:
                _swallowed += c;
                _swallowed = _swallowed.Length > 128 ? _swallowed[^128..] : _swallowed;
                if (
                    c == '-'
                    && _swallowed.EndsWith("-----", StringComparison.Ordinal)
                    && _swallowed.Contains("-----END ", StringComparison.Ordinal)
                )
                {
                    _swallowing = Swallowing.Nothing;
                }

                break;
        }
    }

    private void Pass(string text)
    {
        var start = _position;
        _position += text.Length;
        var seen = text;
        if (_options.OnInvisibleText is { } action)
        {
            seen = RemoveInvisible(text, start, action);
        }

        for (var pass = 0; pass < MostPasses && !IsStopped && seen.Length > 0; pass++)
        {
            var edits = _edits.Find(_before + seen, _before.Length);
            if (edits.Count == 0)
            {
                break;
            }

            // What is nested deeper than anybody writes it does not pass at all.
            seen = pass == MostPasses - 1 ? "" : Change(seen, edits, start);
        }

        _passed.Append(seen);
        var kept = _before + seen;
        var context = _options.PersonalData is null ? 1 : MostContext;
        _before = kept.Length > context ? kept[^context..] : kept;
    }

    private string RemoveInvisible(string text, long start, OutputAction action)
    {
        var spans = InvisibleText.Find(text);
        if (spans.Count == 0)
        {
            return text;
        }

        var seen = new StringBuilder(text.Length);
        var at = 0;
        foreach (var span in spans)
        {
            seen.Append(text, at, span.Start - at);
            var edit = new OutputEdit(span.Start, span.Length, OutputRule.InvisibleText, span.Kind.ToString(), action);
            seen.Append(Hit(edit, start));
            at = span.Start + span.Length;
            if (IsStopped)
            {
                return seen.ToString();
            }
        }

        return seen.Append(text, at, text.Length - at).ToString();
    }

    private string Change(string text, List<OutputEdit> edits, long start)
    {
        var changed = new StringBuilder(text.Length);
        var at = 0;
        foreach (var edit in edits)
        {
            var from = edit.Start - _before.Length;
            changed.Append(text, at, from - at);
            changed.Append(Hit(edit with { Start = from }, start));
            at = from + edit.Length;
            if (IsStopped)
            {
                return changed.ToString();
            }
        }

        return changed.Append(text, at, text.Length - at).ToString();
    }

    /// <summary>Notes a hit, and says what stands in its place.</summary>
    private string Hit(OutputEdit edit, long? start = null)
    {
        _hits.Add(new(edit.Rule, edit.What, (start ?? _position) + edit.Start, edit.Length, edit.Action));
        IsStopped |= edit.Action == OutputAction.Stop;
        return edit.Action switch
        {
            OutputAction.Replace => $"{edit.Words}{(edit.Words.Length > 0 ? " " : "")}[removed: {NameOf(edit.Rule)}]",
            OutputAction.Remove => edit.Words,
            _ => "",
        };
    }

    private static string NameOf(OutputRule rule) =>
        rule switch
        {
            OutputRule.Canary => "instructions",
            OutputRule.Secret => "secret",
            OutputRule.Link => "link",
            OutputRule.ForeignId => "id",
            OutputRule.PersonalData => "personal data",
            OutputRule.ToolCall => "tool call",
            _ => "invisible text",
        };

    private string Passed()
    {
        var passed = _passed.ToString();
        _passed.Clear();
        return passed;
    }
}
