using System.Text;
using Chancery.Search.Languages;

namespace Chancery.Search;

/// <summary>
/// Turns text into terms: Unicode words, folded and stemmed in a language, with numbers, identifiers and section references
/// kept whole and in parts, and bigrams where a script has no spaces. Where tokens begin and end, and what sort they are, does
/// not depend on the language. Linear in the text, never throws, safe for concurrent use.
/// </summary>
public static class TextAnalyzer
{
    public static List<Token> Analyze(string text, Language language = Language.English)
    {
        ArgumentNullException.ThrowIfNull(text);
        var tokens = new List<Token>(8 + (text.Length / 6));
        Analyze(text, tokens, language);
        return tokens;
    }

    /// <summary>Adds the tokens of <paramref name="text"/>, ordered by where they start; a whole comes before its parts.</summary>
    public static void Analyze(ReadOnlySpan<char> text, ICollection<Token> tokens, Language language = Language.English)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        new Scan(text, tokens, language).Run();
    }

    /// <summary>The distinct terms with content; those without, where there are no others.</summary>
    /// <remarks>A query is more: see <see cref="QueryWords"/>.</remarks>
    public static IReadOnlyCollection<string> ContentTerms(string text, Language language = Language.English)
    {
        var tokens = Analyze(text, language);
        var terms = tokens.Where(token => !token.IsStopWord).Select(token => token.Term).ToHashSet();
        return terms.Count > 0 ? terms : tokens.Select(token => token.Term).ToHashSet();
    }

    private ref struct Scan(ReadOnlySpan<char> text, ICollection<Token> tokens, Language language)
    {
        /// <summary>No name has more parts; what follows is read as a new name, which keeps the scan linear.</summary>
        private const int MaxParts = 16;

        private readonly ReadOnlySpan<char> _text = text;
        private readonly ICollection<Token> _tokens = tokens;
        private readonly Language _language = language;
        private int _position;

        public void Run()
        {
            var i = 0;
            while (i < _text.Length)
            {
                var kind = ClassAt(i, out var width);
                i = kind switch
                {
                    CharacterClass.Unspaced => ReadBigrams(i),
                    CharacterClass.Letter or CharacterClass.Digit => ReadName(i, i),
                    CharacterClass.Underscore => ReadName(i, i),
                    CharacterClass.Other when _text[i] == '§' => ReadSign(i),
                    _ => i + width,
                };
            }
        }

        private readonly CharacterClass ClassAt(int i, out int width)
        {
            Rune.DecodeFromUtf16(_text[i..], out var rune, out width);
            return CharacterClasses.Of(rune);
        }

        private readonly CharacterClass ClassAt(int i) => i < _text.Length ? ClassAt(i, out _) : CharacterClass.Other;

        /// <summary>A section sign makes a reference of the number after it, across one space.</summary>
        private int ReadSign(int start)
        {
            var i = start + 1;
            while (i < _text.Length && i < start + 3 && (_text[i] == '§' || IsSpace(_text[i])))
                i++;
            return ClassAt(i) is CharacterClass.Digit ? ReadName(start, i) : start + 1;
        }

        private static bool IsSpace(char c) => c is ' ' or '\u00A0' or '\u202F' or '\u2009';

        /// <summary>Reads the parts that stand together without a space, and what they are as a whole.</summary>
        private int ReadName(int wholeStart, int from)
        {
            Span<TextSpan> parts = stackalloc TextSpan[MaxParts];
            var count = 0;
            var letters = false;
            var digits = false;
            var underscore = false;
            var i = from;

            while (count < MaxParts)
            {
                var start = i;
                var end = ReadPart(start, ref letters, ref digits);
                if (end > start)
                    parts[count++] = new TextSpan(start, end - start);
                i = end;

                var joint = i;
                while (joint < _text.Length && _text[joint] == '_')
                    joint++;
                underscore |= joint > i && (count > 0 || ClassAt(joint) is CharacterClass.Letter);
                if (joint == i && end > start && _text.Length > i && _text[i] is '-' or '‐' or '‑' or '/')
                    joint++;

                if (joint == i || ClassAt(joint) is not (CharacterClass.Letter or CharacterClass.Digit))
                {
                    // Underscores at the end belong to the name, and are not looked at twice.
                    i = joint > i && _text[joint - 1] == '_' ? joint : i;
                    break;
                }

                i = joint;
            }

            if (count == 0)
                return Math.Max(i, from + 1);

            var signed = wholeStart < from;
            var last = parts[count - 1];
            var bracketed = digits && !letters && count == 1 ? ReadBrackets(last.End) : last.End;
            if (signed || bracketed > last.End)
            {
                Add(from, bracketed, TokenKind.Section, wholeStart);
                if (bracketed > last.End)
                    AddPart(parts[0], advance: false);
                AddBracketed(last.End, bracketed);
                _position++;
                return bracketed;
            }

            // "well-known" is two words; "ISO-27001", "foo_bar" and "B2" are names.
            var isName = underscore || (letters && digits);
            if (isName)
                Add(from, last.End, TokenKind.Identifier, from);
            if (!isName || count > 1)
            {
                foreach (var part in parts[..count])
                    AddPart(part, advance: true);
            }
            else
                _position++;

            return Math.Max(i, last.End);
        }

        /// <summary>Letters with apostrophes and the stops of abbreviations, or digits with decimal marks, or both mixed.</summary>
        private readonly int ReadPart(int start, ref bool letters, ref bool digits)
        {
            var i = start;
            var previous = CharacterClass.Other;
            while (i < _text.Length)
            {
                var kind = ClassAt(i, out var width);
                if (kind is CharacterClass.Letter or CharacterClass.Digit)
                {
                    letters |= kind is CharacterClass.Letter;
                    digits |= kind is CharacterClass.Digit;
                    previous = kind;
                }
                else if (kind is CharacterClass.Extend && i > start)
                {
                    // Belongs to the character before it.
                }
                else if (
                    !(
                        previous is CharacterClass.Letter
                            && _text[i] is '\'' or '’'
                            && ClassAt(i + 1) is CharacterClass.Letter
                        || previous is CharacterClass.Digit
                            && _text[i] is '.' or ','
                            && ClassAt(i + 1) is CharacterClass.Digit
                        || previous is CharacterClass.Letter && _text[i] == '.' && IsInitialism(start, i)
                    )
                )
                    break;

                i += width;
            }

            return i;
        }

        /// <summary>Single letters with stops between, as in U.S.A: the stop at <paramref name="i"/> has one on both sides.</summary>
        private readonly bool IsInitialism(int start, int i) =>
            (i - 1 == start || _text[i - 2] == '.')
            && ClassAt(i + 1) is CharacterClass.Letter
            && (i + 2 >= _text.Length || ClassAt(i + 2) is not (CharacterClass.Letter or CharacterClass.Digit));

        /// <summary>The end of bracketed letters or numbers that follow at once: <c>(b)</c>, <c>(b)(iv)</c>.</summary>
        private readonly int ReadBrackets(int from)
        {
            var end = from;
            for (var group = 0; group < 4 && end < _text.Length && _text[end] == '('; group++)
            {
                var close = end + 1;
                while (close < _text.Length && close <= end + 4 && char.IsAsciiLetterOrDigit(_text[close]))
                    close++;
                if (close == end + 1 || close >= _text.Length || _text[close] != ')')
                    break;
                end = close + 1;
            }

            return end;
        }

        private readonly void AddBracketed(int start, int end)
        {
            for (var i = start; i < end; i++)
            {
                var from = i;
                while (i < end && char.IsAsciiLetterOrDigit(_text[i]))
                    i++;
                if (i > from)
                {
                    var term = Folding.Fold(_text[from..i]);
                    _tokens.Add(new Token(term, from, i - from, _position, TokenKind.Word, IsStopWord: true));
                }
            }
        }

        private readonly void Add(int termStart, int end, TokenKind kind, int start) =>
            _tokens.Add(
                new Token(Folding.Fold(_text[termStart..end]), start, end - start, _position, kind, IsStopWord: false)
            );

        private void AddPart(TextSpan part, bool advance)
        {
            var word = _text.Slice(part.Start, part.Length);
            var entry = Terms.Of(word);
            _tokens.Add(
                new Token(
                    entry.TermIn(_language),
                    part.Start,
                    part.Length,
                    _position,
                    entry.Kind,
                    entry.IsStopWordIn(_language)
                )
            );
            _position += advance ? 1 : 0;
        }

        private int ReadBigrams(int start)
        {
            var previous = -1;
            var i = start;
            var pairs = 0;
            while (i < _text.Length)
            {
                var kind = ClassAt(i, out var width);
                if (kind is not (CharacterClass.Unspaced or CharacterClass.Extend))
                    break;

                var end = i + width;
                while (end < _text.Length && ClassAt(end, out var more) is CharacterClass.Extend)
                    end += more;
                if (previous >= 0)
                {
                    AddBigram(previous, end);
                    pairs++;
                }

                previous = i;
                i = end;
            }

            if (pairs == 0)
                AddBigram(start, i);
            return i;
        }

        private void AddBigram(int start, int end)
        {
            var term = Folding.Fold(_text[start..end]);
            _tokens.Add(new Token(term, start, end - start, _position++, TokenKind.Bigram, IsStopWord: false));
        }
    }
}
