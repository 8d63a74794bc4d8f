using System.Text.RegularExpressions;

namespace Chancery.Server.Answers.Reasoning;

/// <summary>Numbers the steps and keeps to the limit of them: what comes beyond it goes into the last one, as far as it has room.</summary>
internal sealed partial class StepList(int most)
{
    /// <summary>Characters of a thought, and of an action; what is longer is cut.</summary>
    public const int MaxLength = 4000;

    private readonly List<ReadStep> _ready = [];
    private ReadStep? _last;
    private int _count;
    private bool _isClosed;

    public void Add(string thought, string action, string confidence)
    {
        var (said, remark) = Confidence.AtEnd(Clean(ReasoningLabels.WithoutLabel(thought.Trim())));
        var done = Clean(action);
        if (_isClosed || (said.Length == 0 && done.Length == 0))
        {
            return;
        }

        var step = new ReadStep(
            Math.Min(_count + 1, most),
            Cut(said),
            done.Length == 0 ? null : Cut(done),
            Confidence.Read(confidence) ?? remark
        );
        _count = step.Number;
        if (step.Number < most)
        {
            _ready.Add(step);
        }
        else
        {
            _last = _last is null ? step : Fold(_last, step);
        }
    }

    /// <summary>The steps that became whole since the last call.</summary>
    /// <param name="all">No more come: also the last one that may be.</param>
    public IReadOnlyList<ReadStep> Take(bool all)
    {
        if (all && _last is { } last)
        {
            _ready.Add(last);
            _last = null;
            _isClosed = true;
        }

        if (_ready.Count == 0)
        {
            return [];
        }

        ReadStep[] taken = [.. _ready];
        _ready.Clear();
        return taken;
    }

    private static ReadStep Fold(ReadStep last, ReadStep more) =>
        last with
        {
            Thought = Cut(Join(last.Thought, more.Thought)),
            Action = (last.Action, more.Action) switch
            {
                (null, var only) => only,
                (var only, null) => only,
                var (first, second) => Cut(Join(first, second)),
            },
            Confidence = more.Confidence ?? last.Confidence,
        };

    private static string Join(string first, string second) =>
        first.Length == 0 ? second
        : second.Length == 0 ? first
        : first + "\n" + second;

    private static string Clean(string text)
    {
        var bare = text.AsSpan().TrimStart();
        var marks = bare.Length - bare.TrimStart("*_").Length;
        if (marks is > 0 and <= 3 && (bare.Length == marks || char.IsWhiteSpace(bare[marks])))
        {
            // The end of an emphasis that the label began.
            bare = bare[marks..];
        }

        return Gaps().Replace(bare.Trim().ToString(), "\n\n");
    }

    private static string Cut(string text)
    {
        if (text.Length <= MaxLength)
        {
            return text;
        }

        var end = char.IsHighSurrogate(text[MaxLength - 2]) ? MaxLength - 2 : MaxLength - 1;
        return text[..end] + "…";
    }

    [GeneratedRegex(@"\n\s*\n")]
    private static partial Regex Gaps();
}
