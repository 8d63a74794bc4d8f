using System.Text.RegularExpressions;
using Chancery.Contracts.Analysis.Quantities;

namespace Chancery.Contracts.Analysis.Checks;

/// <summary>A period, and what it is of.</summary>
/// <param name="Who">For whom it holds, where the sentence says so ("either party"); else empty.</param>
internal readonly record struct SubjectPeriod(CheckedClause Clause, FoundPeriod Period, string Who);

/// <summary>Finds the periods of a contract that are of one subject, by the sentence around them and the clause's type.</summary>
internal static class SubjectPeriods
{
    private const RegexOptions Options =
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking;

    private static readonly Regex _ending = new(@"\b(?:terminat|cancel|end this|kündig)", Options);
    private static readonly Regex _breach = new(
        @"\b(?:breach|default|cure|remed|insolven|bankrupt|verletz|verstoß|abhilfe|wichtige[mrn] grund|fail)",
        Options
    );
    private static readonly Regex _cure = new(
        @"\b(?:cure|remed(?:y|ied)|put right|abhilfe|abgestellt|geheilt)",
        Options
    );
    private static readonly Regex _notice = new(@"\b(?:notice|frist|notify)", Options);
    private static readonly Regex _paying = new(@"\b(?:pay|paid|payable|payment|due|zahl|fällig|begleich)", Options);
    private static readonly Regex _invoice = new(@"\b(?:invoice|statement|bill|rechnung|receipt|zugang)", Options);
    private static readonly Regex _renewing = new(@"\b(?:renew|extend|extension|successive|verlänger)", Options);
    private static readonly Regex _interest = new(
        @"\b(?:interest|late|overdue|suspend|dispute|zinsen|verzug)",
        Options
    );
    private static readonly Regex _after = new(
        @"\b(?:after|following|surviv|from the (?:date of )?(?:end|termination|expir)|nach (?:dem )?(?:ende|beendigung|ablauf)|fort)",
        Options
    );
    private static readonly Regex _termBefore = new(
        @"(?:\bterm (?:of|is|shall be|will be)|\bterm\W{1,3}(?:of|is|shall be)|initial term\W{0,3}(?:of|is|shall be|will be)?|continues? (?:in (?:full )?force )?for(?: a (?:fixed |initial )?(?:term|period) of)?|for an? (?:initial|fixed) (?:term|period) of|laufzeit (?:von|beträgt)|dauer von|fest(?:e)? (?:laufzeit )?(?:für|von))\W{1,4}(?:at least |a |an )?$",
        Options
    );
    private static readonly Regex _noticeBefore = new(
        @"(?:\bnotice (?:period )?(?:of|is)|\bupon|\bon|\bgiving(?: the other(?: party)?)?|\bby|\bwith|\bat least|\bnot less than|\bfrist von|\bthan)\W{1,4}(?:not less than |at least |a |mindestens )?$",
        Options
    );
    private static readonly Regex _noticeAfter = new(
        @"^[’'´]?s?[’']?\s*(?:prior |advance |previous )?(?:written |prior |schriftlich)?\s*(?:prior |advance )?(?:notice|notification|zum|kündigen)",
        Options
    );
    private static readonly Regex _warrantyAround = new(
        @"(?:warranty period|gewährleistungsfrist|verjährt in|for a? ?(?:period of )?$|for $)",
        Options
    );
    private static readonly Regex _who = new(
        @"(?<who>[a-zäöüß]+(?:\s+[a-zäöüß]+)?)\s+(?:may|can|shall have the right to|has the right to|kann)\b",
        Options
    );

    public static string NameOf(PeriodSubject subject) =>
        subject switch
        {
            PeriodSubject.TerminationNotice => "The notice of termination",
            PeriodSubject.Payment => "The time to pay",
            PeriodSubject.Term => "The term",
            PeriodSubject.Renewal => "The renewal term",
            PeriodSubject.Cure => "The time to cure a breach",
            PeriodSubject.Confidentiality => "The time of confidentiality after the end",
            PeriodSubject.NonCompete => "The time of the non-compete",
            _ => "The warranty period",
        };

    public static IEnumerable<SubjectPeriod> In(CheckedContract contract, PeriodSubject subject)
    {
        foreach (var clause in contract.Clauses)
        {
            foreach (var period in Periods.In(clause.Text))
            {
                var sentence = Sentence.Around(clause.Text, period.Start);
                var around = new Surroundings(
                    clause,
                    sentence.Of(clause.Text),
                    clause.Text[sentence.Start..period.Start],
                    clause.Text[Math.Min(period.End, sentence.End)..sentence.End],
                    period.Value.IsWorking
                );
                if (IsOf(subject, around))
                {
                    yield return new SubjectPeriod(clause, period, WhoIn(subject, around.Sentence));
                }
            }
        }
    }

    private static bool IsOf(PeriodSubject subject, Surroundings around) =>
        subject switch
        {
            PeriodSubject.TerminationNotice => _ending.IsMatch(around.Sentence)
                && _notice.IsMatch(around.Sentence)
                && !_breach.IsMatch(around.Sentence)
                && !_renewing.IsMatch(around.Sentence)
                && (_noticeAfter.IsMatch(around.After) || (_noticeBefore.IsMatch(around.Before) && IsNear(around))),
            PeriodSubject.Cure => _breach.IsMatch(around.Sentence) && _cure.IsMatch(around.Sentence),
            PeriodSubject.Payment => _paying.IsMatch(around.Sentence)
                && around.IsBeside(_invoice)
                && !_interest.IsMatch(around.Sentence),
            PeriodSubject.Term => !around.IsOfWorkingDays
                && around.Shows(ClauseType.Term)
                && !_renewing.IsMatch(around.Before)
                && _termBefore.IsMatch(around.Before)
                && !_noticeAfter.IsMatch(around.After),
            PeriodSubject.Renewal => _renewing.IsMatch(around.Sentence)
                && !_noticeAfter.IsMatch(around.After)
                && !_notice.IsMatch(around.Before.Length > 30 ? around.Before[^30..] : around.Before)
                && !_termBefore.IsMatch(around.Before),
            PeriodSubject.Confidentiality => around.Shows(ClauseType.Confidentiality)
                && _after.IsMatch(around.Sentence),
            PeriodSubject.NonCompete => around.Shows(ClauseType.NonCompete),
            _ => around.Shows(ClauseType.Warranty) && _warrantyAround.IsMatch(around.Before),
        };

    /// <summary>"by giving 30 days' notice": the word is not far.</summary>
    private static bool IsNear(Surroundings around) =>
        _notice.IsMatch(around.After[..Math.Min(40, around.After.Length)])
        || _notice.IsMatch(around.Before[Math.Max(0, around.Before.Length - 40)..]);

    /// <summary>One notice for the customer and another for the supplier are no contradiction.</summary>
    private static string WhoIn(PeriodSubject subject, string sentence)
    {
        if (subject != PeriodSubject.TerminationNotice)
        {
            return "";
        }

        var who = _who.Match(sentence) is { Success: true } match ? match.Groups["who"].Value.ToLowerInvariant() : "";
        return who is "either party" or "each party" or "a party" or "any party" or "the parties"
            ? "either party"
            : who;
    }

    private sealed record Surroundings(
        CheckedClause Clause,
        string Sentence,
        string Before,
        string After,
        bool IsOfWorkingDays
    )
    {
        public bool IsBeside(Regex words) =>
            words.IsMatch(After[..Math.Min(60, After.Length)])
            || words.IsMatch(Before[Math.Max(0, Before.Length - 60)..]);

        public bool Shows(ClauseType type) =>
            Clause.Types.Contains(type)
            || (Clause.Parent is { } parent && ClauseTypes.Recognise(parent) is { } above && above == type);
    }
}
