using System.Text.RegularExpressions;

namespace Chancery.Server.Inference.Caching;

/// <summary>
/// Whether two questions that are near in meaning ask the same: vectors hardly tell 2023 from 2024, with from without, or Acme from Globex.
/// </summary>
/// <remarks>On the side of caution: where it errs, a model is asked.</remarks>
public static partial class SameSense
{
    // Turn a question round, or bound it, and are one short word. English and German.
    private static readonly HashSet<string> Turning = new(StringComparer.OrdinalIgnoreCase)
    {
        "no",
        "not",
        "never",
        "none",
        "nothing",
        "nobody",
        "neither",
        "nor",
        "without",
        "except",
        "unless",
        "before",
        "after",
        "until",
        "since",
        "more",
        "less",
        "most",
        "least",
        "minimum",
        "maximum",
        "first",
        "last",
        "over",
        "under",
        "above",
        "below",
        "all",
        "any",
        "only",
        "cannot",
        "nicht",
        "kein",
        "keine",
        "keinen",
        "keiner",
        "nie",
        "niemals",
        "ohne",
        "außer",
        "vor",
        "nach",
        "bis",
        "seit",
        "mehr",
        "weniger",
        "mindestens",
        "höchstens",
        "nur",
        "alle",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "twenty",
        "thirty",
        "forty",
        "fifty",
        "sixty",
        "ninety",
        "hundred",
        "thousand",
        "million",
        "half",
        "double",
        "zero",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
        "seventy",
        "eighty",
        "billion",
        "dozen",
        "null",
        "eins",
        "elf",
        "dreizehn",
        "vierzehn",
        "fünfzehn",
        "sechzehn",
        "siebzehn",
        "achtzehn",
        "neunzehn",
        "zwanzig",
        "vierzig",
        "fünfzig",
        "sechzig",
        "siebzig",
        "achtzig",
        "neunzig",
        "halb",
        "doppelt",
        "zwei",
        "drei",
        "vier",
        "fünf",
        "sechs",
        "sieben",
        "acht",
        "neun",
        "zehn",
        "zwölf",
        "dreißig",
        "hundert",
        "tausend",
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
        "i",
        "me",
        "my",
        "he",
        "she",
        "they",
        "we",
        "our",
        "you",
        "your",
        "ich",
        "mein",
        "meine",
        "er",
        "sie",
        "wir",
        "unser",
    };

    // What a question begins with that is no name, though it has a capital there.
    private static readonly HashSet<string> Starters = new(StringComparer.OrdinalIgnoreCase)
    {
        "what",
        "which",
        "who",
        "whom",
        "whose",
        "when",
        "where",
        "why",
        "how",
        "is",
        "are",
        "was",
        "were",
        "do",
        "does",
        "did",
        "can",
        "could",
        "may",
        "might",
        "must",
        "shall",
        "should",
        "will",
        "would",
        "has",
        "have",
        "had",
        "the",
        "a",
        "an",
        "in",
        "on",
        "at",
        "for",
        "to",
        "of",
        "by",
        "with",
        "under",
        "tell",
        "show",
        "give",
        "list",
        "explain",
        "please",
        "there",
        "if",
        "was",
        "wer",
        "wie",
        "wo",
        "wann",
        "warum",
        "welche",
        "welcher",
        "welches",
        "wieviel",
        "ist",
        "sind",
        "hat",
        "haben",
        "kann",
        "können",
        "darf",
        "dürfen",
        "muss",
        "müssen",
        "soll",
        "gibt",
        "der",
        "die",
        "das",
        "ein",
        "eine",
        "in",
        "im",
    };

    /// <summary>Whether both have the same numbers, names, quotations and words that turn a question round.</summary>
    public static bool Holds(string one, string other) => MarksOf(one).SequenceEqual(MarksOf(other));

    /// <summary>Whether it names or describes somebody, so that it is asked anew: addresses, numbers of phones and accounts.</summary>
    public static bool IsPersonal(string question) => Personal().IsMatch(question);

    private static List<string> MarksOf(string question)
    {
        var marks = new List<string>();
        var words = Words().Matches(question).Select(match => match.Value).ToList();
        for (var i = 0; i < words.Count; i++)
        {
            var word = words[i];
            // A capital within a sentence, or more than one, is a name; in German more than names have one, which errs to the safe side.
            if (
                word.Any(letter => char.IsDigit(letter) || letter is '§' or '$' or '€' or '£' or '%')
                || Turning.Contains(word)
                || word.EndsWith("n't", StringComparison.OrdinalIgnoreCase)
                || word.Count(char.IsUpper) > 1
                || (char.IsUpper(word[0]) && (i > 0 || !Starters.Contains(word)))
            )
            {
                marks.Add(word.EndsWith("n't", StringComparison.OrdinalIgnoreCase) ? "not" : word.ToUpperInvariant());
            }
        }

        marks.AddRange(Quotations().Matches(question).Select(match => match.Value));
        // In another order the same words may say another thing; the marks are compared as they stand.
        return marks;
    }

    // 1,234.56   §12   AG-4711   don't
    [GeneratedRegex(@"[\p{L}\p{N}§$€£%]+(?:['’.,:/-][\p{L}\p{N}]+)*%?")]
    private static partial Regex Words();

    [GeneratedRegex("[\"“„«][^\"”“»]+[\"”“»]")]
    private static partial Regex Quotations();

    // a@b.c   +49 170 1234567   DE89 3704 0044 0532 0130 00   123-45-6789
    [GeneratedRegex(@"\S+@\S+\.\S+|\+?\d[\d\s()/-]{7,}\d|\b[A-Z]{2}\d{2}(?:\s?[A-Z0-9]{4}){3,}")]
    private static partial Regex Personal();
}
