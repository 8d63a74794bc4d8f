using System.Text;

namespace Chancery.Server.Answers.Reasoning;

/// <summary>
/// Takes steps and answer out of what a model streams when it was asked to think in the form Thought, Action, Final Answer; or
/// thinks by itself. Reads character by character: wherever the stream is cut, the same comes out.
/// </summary>
/// <remarks>
/// Text of the answer flows through at once. What stands before it is held until it is known what it is. Nothing of an answer is
/// lost for want of a label: a text without labels is the answer, and the last thought is, where no other was given. For one answer;
/// not safe for concurrent use. Linear in the text.
/// </remarks>
internal sealed class ReasoningParser
{
    // Of a text that has no label until here nothing is to be expected any more: it is the answer.
    private const int MostPreamble = 64 * 1024;

    // With brackets and a slash.
    private const int MaxTag = 20;

    // For a second look, where the first found no answer.
    private const int MostRaw = 256 * 1024;

    private static readonly string[] ThoughtTags =
    [
        "think",
        "thinking",
        "thought",
        "reasoning",
        "reflection",
        "scratchpad",
    ];
    private static readonly string[] AnswerTags = ["answer", "final_answer"];

    private readonly StepList _steps;
    private readonly ThoughtPieces _pieces;
    private readonly bool _isNative;
    private bool _heedsFences = true;
    private bool _heedsJson;

    private readonly StringBuilder _raw = new();
    private readonly StringBuilder _line = new();
    private readonly StringBuilder _preamble = new();
    private readonly StringBuilder _thought = new();
    private readonly StringBuilder _action = new();
    private readonly StringBuilder _confidence = new();
    private readonly StringBuilder _held = new();
    private readonly StringBuilder _answer = new();
    private readonly StringBuilder _fenced = new();

    private Place _place;
    private LabelKind _field;
    private bool _isSealed;
    private bool _trimsNext;
    private bool _inFence;
    private bool _isJson;
    private bool _sawText;
    private bool _isWrapped;
    private bool _isInForm;
    private string _emphasis = "";
    private string? _closing;

    /// <param name="mostSteps">At least 1.</param>
    /// <param name="isNative">Thoughts come apart from the text, which is the answer but for tags and a label before it.</param>
    public ReasoningParser(int mostSteps, bool isNative)
    {
        _isNative = isNative;
        _heedsJson = !isNative;
        _steps = new StepList(mostSteps);
        _pieces = new ThoughtPieces(_steps);
        _place = isNative ? Place.Undecided : Place.Preamble;
    }

    private enum Place
    {
        /// <summary>The answer, unless a label or a tag shows up in this line.</summary>
        Undecided,

        /// <summary>Before the first label: it may be the answer, or an introduction.</summary>
        Preamble,
        Step,

        /// <summary>Between &lt;think&gt; and &lt;/think&gt;.</summary>
        Tagged,

        /// <summary>The answer is announced, and has no character yet.</summary>
        Announced,
        Answering,
    }

    /// <summary>All text as it came, thoughts that came apart left out; bounded.</summary>
    public string Raw => _raw.ToString();

    /// <summary>The next piece of text.</summary>
    public ReasoningPiece Feed(string text)
    {
        if (text.Length > 0 && _place is Place.Undecided or Place.Preamble && !_sawText)
        {
            // Native thoughts end where text begins.
            _pieces.Finish();
        }

        foreach (var c in text)
        {
            Take(c);
        }

        return Release();
    }

    /// <summary>The next piece of what a model thinks, where that comes apart from the text.</summary>
    public ReasoningPiece Think(string text)
    {
        _pieces.Feed(text);
        if (_place is Place.Preamble && !_sawText)
        {
            // Who thinks by itself mostly answers straight away, whatever form it was asked for.
            _place = Place.Undecided;
        }

        return Release();
    }

    /// <summary>After the last piece.</summary>
    /// <param name="isCut">The limit of tokens ended it: what there is of a thought is no answer.</param>
    public ReasoningPiece Finish(bool isCut)
    {
        if (_isJson)
        {
            if (ReasoningJson.TryRead(Raw, _steps, out var told))
            {
                return new ReasoningPiece(_steps.Take(all: true), told);
            }

            AgainAsText();
        }

        if (_inFence && _place is Place.Step or Place.Preamble)
        {
            AgainWithoutFences();
        }

        if (_place is Place.Undecided or Place.Preamble or Place.Step or Place.Tagged && _line.Length > 0)
        {
            EndLine(isLast: true);
        }

        _pieces.Finish();
        switch (_place)
        {
            case Place.Undecided:
            case Place.Preamble:
                _answer.Append(_isWrapped ? Raw.Trim() : _preamble.ToString().Trim());
                break;
            case Place.Step:
                AnswerByLastStep(isCut);
                break;
            case Place.Announced:
                _answer.Append(_held);
                break;
            case Place.Answering when _held.ToString().Trim() != _closing:
                _answer.Append(_held);
                break;
        }

        return new ReasoningPiece(_steps.Take(all: true), TakeAnswer());
    }

    /// <summary>It began like JSON and is none.</summary>
    private void AgainAsText()
    {
        var text = Raw;
        _raw.Clear();
        _line.Clear();
        (_isJson, _heedsJson, _isWrapped, _sawText, _closing) = (false, false, false, false, null);
        foreach (var c in text)
        {
            Take(c);
        }
    }

    /// <summary>A fence that nobody closed hides the labels behind it.</summary>
    private void AgainWithoutFences()
    {
        var text = _fenced.ToString();
        _fenced.Clear();
        _line.Clear();
        (_inFence, _heedsFences) = (false, false);
        foreach (var c in text)
        {
            Read(c);
        }
    }

    private ReasoningPiece Release() =>
        new(_steps.Take(all: _place is Place.Announced or Place.Answering), TakeAnswer());

    private string TakeAnswer()
    {
        if (_answer.Length == 0)
        {
            return "";
        }

        var text = _answer.ToString();
        _answer.Clear();
        return text;
    }

    private void Take(char c)
    {
        if (c is '\0' or '\r')
        {
            return;
        }

        if (_raw.Length < MostRaw)
        {
            _raw.Append(c);
        }

        if (_isJson)
        {
            if (_raw.Length >= MostRaw)
            {
                AgainAsText();
            }

            return;
        }

        Read(c);
    }

    private void Read(char c)
    {
        switch (_place)
        {
            case Place.Announced:
                Announced(c);
                return;
            case Place.Answering:
                Answering(c);
                return;
        }

        if (!_sawText && !char.IsWhiteSpace(c))
        {
            _sawText = true;
            if (c == '{' && _heedsJson)
            {
                _isJson = true;
                return;
            }
        }

        if (_line.Length < MostPreamble)
        {
            _line.Append(c);
        }

        if (_inFence && _fenced.Length < 2 * MostPreamble)
        {
            _fenced.Append(c);
        }

        switch (c)
        {
            case ':' or '：' when _place is not Place.Tagged && !_inFence:
                AtColon();
                break;
            case '>' when !_inFence:
                AtTagEnd();
                break;
            case '\n':
                EndLine(isLast: false);
                break;
        }

        if (_place is Place.Undecided && _line.Length > ReasoningLabels.MaxLength)
        {
            BecomeAnswer();
        }
        else if (
            _place is Place.Preamble
            && _preamble.Length + (_inFence ? _fenced.Length : _line.Length) >= MostPreamble
        )
        {
            _preamble.Append(_inFence ? _fenced : _line);
            _line.Clear().Append(_preamble);
            BecomeAnswer();
        }
    }

    private void AtColon()
    {
        // Only as far back as a label goes: a line may be long, and full of colons.
        var from = Math.Max(0, _line.Length - 1 - ReasoningLabels.MaxLength);
        var tail = _line.ToString(from, _line.Length - 1 - from);
        var found = (from == 0 ? ReasoningLabels.AtStart(tail) : null) ?? ReasoningLabels.InMiddle(tail);
        if (found is not { } label || (_isNative && label.Kind is not LabelKind.Answer))
        {
            return;
        }

        var before = _line.ToString(0, from + label.Start);
        _line.Clear();
        Put(before);
        Switch(label);
    }

    private void AtTagEnd()
    {
        var from = Math.Max(0, _line.Length - MaxTag);
        var tail = _line.ToString(from, _line.Length - from);
        var start = tail.LastIndexOf('<');
        if (start < 0)
        {
            return;
        }

        var name = tail[(start + 1)..^1].Trim();
        var closes = name.StartsWith('/');
        name = name.TrimStart('/').ToLowerInvariant();
        var isThought = Array.IndexOf(ThoughtTags, name) >= 0;
        if (!isThought && (closes || Array.IndexOf(AnswerTags, name) < 0))
        {
            return;
        }

        var before = _line.ToString(0, from + start);
        if (_place is Place.Tagged)
        {
            if (closes && isThought)
            {
                _pieces.Feed(before);
                _pieces.Finish();
                _line.Clear();
                _place = Place.Undecided;
            }

            return;
        }

        if (isThought)
        {
            _line.Clear();
            Put(before);
            CloseStep();
            if (closes)
            {
                // Opened by the template, before the model's first word.
                ThoughtPieces.Split(_preamble.ToString(), _steps);
                _preamble.Clear();
                _place = Place.Undecided;
            }
            else
            {
                _place = Place.Tagged;
            }
        }
        else
        {
            _line.Clear();
            Put(before);
            _closing = $"</{name}>";
            Switch(new Label(LabelKind.Answer, 0, ""));
        }
    }

    private void EndLine(bool isLast)
    {
        var line = _line.ToString();
        var bare = line.Trim();
        if (_place is Place.Tagged)
        {
            _pieces.Feed(line);
            _line.Clear();
            return;
        }

        if (_heedsFences && IsFence(bare) && _place is Place.Preamble or Place.Step)
        {
            if (_place is Place.Preamble && !_isWrapped && IsBlank(_preamble))
            {
                // All of it may be in a fence.
                _isWrapped = true;
                _sawText = false;
                _closing = bare[..3];
                _line.Clear();
                return;
            }

            if (_isWrapped && !_inFence && bare == _closing)
            {
                _line.Clear();
                return;
            }

            _inFence = !_inFence;
            if (_inFence)
            {
                _fenced.Clear().Append(line);
            }
            else
            {
                Put(_fenced.ToString());
            }

            _line.Clear();
            return;
        }

        if (_inFence)
        {
            _line.Clear();
            return;
        }

        if (ReasoningLabels.AtStart(line.TrimEnd('\n')) is { } label && (!_isNative || label.Kind is LabelKind.Answer))
        {
            _line.Clear();
            Switch(label with { Emphasis = "" });
            return;
        }

        if (_place is Place.Undecided)
        {
            if (bare.Length == 0)
            {
                _line.Clear();
            }
            else if (!isLast)
            {
                BecomeAnswer();
            }
            else
            {
                _preamble.Append(_line);
                _line.Clear();
            }

            return;
        }

        _line.Clear();
        Put(line);
        // What follows without a label is the next thought.
        _isSealed |=
            _place is Place.Step
            && (
                (_field is LabelKind.Confidence && !IsBlank(_confidence))
                || (_field is LabelKind.Action && bare.Length == 0 && !IsBlank(_action))
            );
    }

    /// <summary>Text of the field that is open.</summary>
    private void Put(string text)
    {
        if (_place is Place.Preamble or Place.Undecided)
        {
            _preamble.Append(text);
            return;
        }

        if (_trimsNext)
        {
            text = text.TrimStart();
            _trimsNext = text.Length == 0;
        }

        if (_isSealed && !string.IsNullOrWhiteSpace(text))
        {
            CloseStep();
            _field = LabelKind.Thought;
        }

        var field = _field switch
        {
            LabelKind.Action => _action,
            LabelKind.Confidence => _confidence,
            _ => _thought,
        };
        if (field.Length < MostPreamble)
        {
            field.Append(text);
        }
    }

    private void Switch(Label label)
    {
        if (label.Kind is LabelKind.Answer)
        {
            CloseStep();
            ThoughtPieces.Split(_preamble.ToString(), _steps);
            _preamble.Clear();
            _emphasis = label.Emphasis;
            _place = Place.Announced;
            return;
        }

        if (_place is not Place.Step)
        {
            _place = Place.Step;
            if (label.Kind is not (LabelKind.Thought or LabelKind.Step))
            {
                // What it does follows from what was said before without a label.
                _thought.Append(_preamble);
            }

            _preamble.Clear();
        }

        // "Step 1:" and "action:" are written in answers, too.
        _isInForm |= label.Kind is LabelKind.Thought or LabelKind.Confidence or LabelKind.Observation;
        switch (label.Kind)
        {
            case LabelKind.Thought or LabelKind.Step:
                if (!IsBlank(_thought) || !IsBlank(_action))
                {
                    CloseStep();
                }

                _field = LabelKind.Thought;
                break;
            case LabelKind.Observation:
                _isSealed = false;
                var said = _thought.ToString().TrimEnd();
                _thought.Clear().Append(said).Append(said.Length == 0 ? "" : "\n");
                _trimsNext = true;
                _field = LabelKind.Thought;
                break;
            default:
                _field = label.Kind;
                break;
        }
    }

    private void CloseStep()
    {
        _steps.Add(_thought.ToString(), _action.ToString(), _confidence.ToString());
        _thought.Clear();
        _action.Clear();
        _confidence.Clear();
        _isSealed = false;
    }

    /// <summary>No answer was announced: the last paragraph of the last thought is what there is.</summary>
    private void AnswerByLastStep(bool isCut)
    {
        var thought = _thought.ToString().Trim();
        if (isCut || thought.Length == 0)
        {
            CloseStep();
            return;
        }

        if (!_isInForm)
        {
            // A list of steps that was asked for, say: nothing of it is to be lost.
            _answer.Append(Raw.Trim());
            return;
        }

        var gap = thought.LastIndexOf("\n\n", StringComparison.Ordinal);
        _answer.Append(ReasoningLabels.WithoutLabel(thought[(gap < 0 ? 0 : gap)..].Trim()));
        if (gap >= 0)
        {
            _thought.Clear().Append(thought[..gap]);
            CloseStep();
        }
    }

    private void BecomeAnswer()
    {
        _place = Place.Answering;
        var text = _line.ToString().TrimStart();
        _line.Clear();
        foreach (var c in text)
        {
            Answering(c);
        }
    }

    /// <summary>Leaves out white space, the end of an emphasis that the label began, and the label once more.</summary>
    private void Announced(char c)
    {
        if (_held.Length == 0 && char.IsWhiteSpace(c))
        {
            return;
        }

        _held.Append(c);
        var text = _held.ToString();
        if (_emphasis.Length > 0)
        {
            if (text.StartsWith(_emphasis, StringComparison.Ordinal))
            {
                _emphasis = "";
                _held.Clear();
                return;
            }

            if (_emphasis.StartsWith(text, StringComparison.Ordinal))
            {
                return;
            }

            // The answer itself is emphasised, from its label on.
            text = _emphasis + text;
            _emphasis = "";
            _held.Clear().Append(text);
        }

        if (c is ':' or '：' && ReasoningLabels.AtStart(text[..^1]) is { Kind: LabelKind.Answer } label)
        {
            _emphasis = label.Emphasis;
            _held.Clear();
            return;
        }

        if (text.Length <= ReasoningLabels.MaxLength && ReasoningLabels.MayBecomeAnswer(text))
        {
            return;
        }

        _held.Clear();
        _place = Place.Answering;
        foreach (var one in text)
        {
            Answering(one);
        }
    }

    private void Answering(char c)
    {
        if (_closing is not { } closing)
        {
            _answer.Append(c);
            return;
        }

        // What closes the answer is left out when nothing follows it.
        _held.Append(c);
        var text = _held.ToString();
        var bare = text.TrimStart();
        if (
            text.Length <= ReasoningLabels.MaxLength
            && (bare.Length == 0 || closing.StartsWith(bare, StringComparison.Ordinal) || bare.TrimEnd() == closing)
        )
        {
            return;
        }

        _held.Clear();
        if (text.Length > 1 && (char.IsWhiteSpace(c) || c == closing[0]))
        {
            _answer.Append(text, 0, text.Length - 1);
            _held.Append(c);
            return;
        }

        _answer.Append(text);
    }

    private static bool IsFence(string line) =>
        line.StartsWith("```", StringComparison.Ordinal) || line.StartsWith("~~~", StringComparison.Ordinal);

    private static bool IsBlank(StringBuilder text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (!char.IsWhiteSpace(text[i]))
            {
                return false;
            }
        }

        return true;
    }
}
