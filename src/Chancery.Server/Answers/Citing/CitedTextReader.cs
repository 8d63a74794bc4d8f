using System.Text;
using Chancery.Search;

namespace Chancery.Server.Answers.Citing;

/// <summary>What may be shown now.</summary>
/// <param name="Text">With markers of those citations only that stand.</param>
/// <param name="References">Markers of <paramref name="Text"/> that were not shown before, and what they stand for.</param>
internal readonly record struct CitedText(string Text, IReadOnlyList<Reference> References);

/// <param name="Marker">As shown, from 1: readers count in the order of the answer, not of the retrieval.</param>
internal readonly record struct Reference(int Marker, Support Support);

/// <summary>Shows a model's text piece by piece, with only those markers in it that a passage stands behind.</summary>
/// <remarks>
/// Text flows through at once; what may become a marker, and the white space around it, is held back until it is known
/// what it is. A marker is checked against what its sentence says since the marker before. For one answer; not safe for
/// concurrent use. Linear in the text.
/// </remarks>
internal sealed class CitedTextReader(CitationVerifier verifier)
{
    /// <summary>A sentence that goes on longer is checked in parts, which keeps the work linear.</summary>
    private const int MaxSentence = 2000;

    private readonly StringBuilder _answer = new();
    private readonly StringBuilder _shown = new();
    private readonly List<Reference> _references = [];
    private readonly Dictionary<Support, int> _markers = [];
    private readonly List<string> _unsupported = [];

    // Held back: a marker that is not complete, the white space before and after a run of markers, the run's numbers.
    private readonly StringBuilder _marker = new();
    private readonly StringBuilder _before = new();
    private readonly StringBuilder _gap = new();
    private readonly List<int> _group = [];

    // The text since the last sentence that was closed, without markers, and where in it a marker was checked, and stood.
    private readonly StringBuilder _open = new();
    private readonly List<int> _standing = [];
    private readonly List<int> _citedHere = [];
    private int _checked;
    private string _previous = "";

    /// <summary>All that was shown so far.</summary>
    public string Answer => _answer.ToString();

    /// <summary>Closed sentences that claim something no cited passage supports.</summary>
    public IReadOnlyList<string> Unsupported => _unsupported;

    /// <summary>Takes the next piece.</summary>
    public CitedText Feed(string delta)
    {
        foreach (var c in delta)
        {
            Take(c);
        }

        return Flush();
    }

    /// <summary>After the last piece.</summary>
    public CitedText Finish()
    {
        ReleaseMarker();
        CloseGroup('\0');
        CloseSentences(all: true);
        return Flush();
    }

    private CitedText Flush()
    {
        var shown = new CitedText(_shown.ToString(), _references.Count == 0 ? [] : [.. _references]);
        _answer.Append(shown.Text);
        _shown.Clear();
        _references.Clear();
        return shown;
    }

    private void Take(char c)
    {
        if (_marker.Length > 0)
        {
            if (CitationMarkers.Closes(c))
            {
                _marker.Append(c);
                EndMarker();
                return;
            }

            if (CitationMarkers.Continues(c) && _marker.Length < CitationMarkers.MaxLength)
            {
                _marker.Append(c);
                return;
            }

            ReleaseMarker();
        }

        if (CitationMarkers.Opens(c))
        {
            _marker.Append(c);
        }
        else if (char.IsWhiteSpace(c))
        {
            _gap.Append(c);
        }
        else
        {
            CloseGroup(c);
            Show(c);
        }
    }

    private void EndMarker()
    {
        var numbers = CitationMarkers.Read(_marker.ToString());
        if (numbers.Count == 0)
        {
            ReleaseMarker();
            return;
        }

        _marker.Clear();
        if (_group.Count == 0)
        {
            _before.Append(_gap);
        }

        _gap.Clear();
        _group.AddRange(numbers.Where(number => !_group.Contains(number)));
    }

    /// <summary>What began like a marker is text after all.</summary>
    private void ReleaseMarker()
    {
        if (_marker.Length == 0)
        {
            return;
        }

        var text = _marker.ToString();
        _marker.Clear();
        CloseGroup(text[0]);
        foreach (var c in text)
        {
            Show(c);
        }
    }

    /// <summary>Nothing more belongs to the markers that were read: they are checked, and shown or forgotten.</summary>
    private void CloseGroup(char next)
    {
        if (_group.Count > 0)
        {
            var supports = Check();
            _group.Clear();
            if (supports.Count > 0)
            {
                _shown.Append(_before);
                foreach (var support in supports)
                {
                    _shown.Append(CitationMarkers.Write(MarkerOf(support)));
                }

                // "[1](address)" would be a link.
                _shown.Append(next == '(' && _gap.Length == 0 ? " " : "");
            }
            else if (_gap.Length == 0 && char.IsLetterOrDigit(next))
            {
                _gap.Append(_before);
            }

            _before.Clear();
        }

        if (_gap.Length > 0 && next != '\0')
        {
            _shown.Append(_gap);
            _open.Append(_gap);
        }

        _gap.Clear();
    }

    private int MarkerOf(Support support)
    {
        if (!_markers.TryGetValue(support, out var marker))
        {
            marker = _markers.Count + 1;
            _markers.Add(support, marker);
            _references.Add(new Reference(marker, support));
        }

        return marker;
    }

    private IReadOnlyList<Support> Check()
    {
        var start = Math.Max(_checked, StartOfLastSentence());
        var claim = _open.ToString(start, _open.Length - start);
        var supports = HasWords(claim)
            ? verifier.Verify(claim, _group)
            // A second marker for the same words, or one that begins a line.
            : verifier.Verify(HasWords(_open.ToString()) ? _open.ToString() : _previous, _group);
        if (supports.Count == 0 && start > 0 && start == _checked && HasWords(claim))
        {
            // The rest of a sentence may lean on its beginning: "It is 5 [1], or 6 at night [2]."
            supports = verifier.Verify(_open.ToString(), [.. _citedHere, .. _group]);
            supports = [.. supports.Where(support => _group.Contains(support.Number))];
        }

        _checked = _open.Length;
        if (supports.Count > 0)
        {
            _standing.Add(_open.Length);
            _citedHere.AddRange(supports.Select(support => support.Number));
        }

        return supports;
    }

    private void Show(char c)
    {
        var mayEnd = _open.Length > 0 && char.IsWhiteSpace(_open[^1]);
        _shown.Append(c);
        _open.Append(c);
        if (mayEnd && EndsBeforeGap())
        {
            CloseSentences(all: false);
        }
        else if (_open.Length >= MaxSentence)
        {
            CloseSentences(all: true);
        }
    }

    /// <summary>Whether what stands before the last white space looks like the end of a sentence.</summary>
    private bool EndsBeforeGap()
    {
        for (var i = _open.Length - 2; i >= 0; i--)
        {
            var c = _open[i];
            if (c is '\n' or '.' or '!' or '?' or '…' or '。' or '！' or '？' or ':')
            {
                return true;
            }

            if (!char.IsWhiteSpace(c) && c is not (')' or '"' or '”' or '’' or '»' or '*' or '_'))
            {
                return false;
            }
        }

        return false;
    }

    private int StartOfLastSentence()
    {
        var spans = Sentences.Split(_open.ToString());
        return spans.Count == 0 ? 0 : spans[^1].Start;
    }

    private void CloseSentences(bool all)
    {
        var text = _open.ToString();
        var spans = Sentences.Split(text);
        var closed = all ? spans.Count : spans.Count - 1;
        if (closed <= 0)
        {
            return;
        }

        for (var i = 0; i < closed; i++)
        {
            Judge(text, spans[i]);
        }

        var cut = all ? text.Length : spans[closed].Start;
        _previous = spans[closed - 1].In(text).ToString();
        _open.Remove(0, cut);
        _standing.RemoveAll(place => place <= cut);
        _checked = Math.Max(0, _checked - cut);
        if (_standing.Count == 0)
        {
            _citedHere.Clear();
        }
    }

    private void Judge(string text, TextSpan sentence)
    {
        var words = sentence.In(text).ToString();
        if (words.EndsWith(':') || Claim.Read(words).IsSlight)
        {
            return;
        }

        var last = _standing.FindLastIndex(place => place > sentence.Start && place <= sentence.End);
        if (last < 0)
        {
            _unsupported.Add(words);
            return;
        }

        // What follows the last marker claims something, too.
        var rest = text[_standing[last]..sentence.End];
        var claim = Claim.Read(rest);
        if ((claim.Numbers.Count > 0 || claim.Terms.Count >= 4) && verifier.Verify(rest, _citedHere).Count == 0)
        {
            _unsupported.Add(words);
        }
    }

    private static bool HasWords(string text) => text.Any(char.IsLetterOrDigit);
}
