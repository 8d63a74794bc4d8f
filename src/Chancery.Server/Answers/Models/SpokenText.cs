using System.Text;

namespace Chancery.Server.Answers.Models;

/// <summary>
/// Takes the answer out of what a model streams: the thoughts that some write before it, between &lt;think&gt; and
/// &lt;/think&gt;, are left out wherever the stream is cut, and so is NUL, which cannot be stored.
/// </summary>
/// <remarks>Only before the answer: later on the same mark may be a quotation.</remarks>
internal sealed class SpokenText
{
    private const string Opens = "<think>";
    private const string Closes = "</think>";

    private readonly StringBuilder _held = new();
    private State _state = State.Before;

    private enum State
    {
        Before,
        Thinking,
        Answering,
    }

    /// <summary>What can be shown of the answer now; may be empty.</summary>
    public string Feed(string piece)
    {
        var text = piece.Replace("\0", "", StringComparison.Ordinal);
        if (_state == State.Answering)
        {
            return text;
        }

        _held.Append(text);
        var held = _held.ToString();
        while (true)
        {
            if (_state == State.Thinking)
            {
                var end = held.IndexOf(Closes, StringComparison.Ordinal);
                if (end < 0)
                {
                    // The mark may be cut in two.
                    return Hold(held[Math.Max(0, held.Length - Closes.Length + 1)..]);
                }

                held = held[(end + Closes.Length)..];
                _state = State.Before;
            }

            held = held.TrimStart();
            if (held.StartsWith(Opens, StringComparison.Ordinal))
            {
                held = held[Opens.Length..];
                _state = State.Thinking;
                continue;
            }

            if (Opens.StartsWith(held, StringComparison.Ordinal))
            {
                return Hold(held);
            }

            _state = State.Answering;
            _held.Clear();
            return held;
        }
    }

    /// <summary>What was held back because it could have become a mark.</summary>
    public string Finish()
    {
        var rest = _state == State.Thinking ? "" : _held.ToString();
        _held.Clear();
        return rest;
    }

    private string Hold(string held)
    {
        _held.Clear().Append(held);
        return "";
    }
}
