using System.Globalization;

namespace Chancery.Server.Inference.Ledger;

/// <summary>Integer money: 10⁹ to the dollar. A single token of a cheap model costs some hundreds, so that nothing is lost by rounding.</summary>
public readonly record struct NanoDollars(long Value) : IComparable<NanoDollars>
{
    private const decimal PerDollar = 1_000_000_000m;

    /// <summary>
    /// The largest cap and the largest reservation, four million dollars: Redis's scripts count in doubles, which are exact below 2⁵³
    /// (about nine million), and a cap and a reservation together stay below.
    /// </summary>
    public static readonly NanoDollars Largest = new(4_000_000_000_000_000);

    public static readonly NanoDollars Zero;

    public decimal Dollars => Value / PerDollar;

    public static NanoDollars operator +(NanoDollars left, NanoDollars right) => left.Add(right);

    public static NanoDollars operator -(NanoDollars left, NanoDollars right) => left.Subtract(right);

    public static bool operator <(NanoDollars left, NanoDollars right) => left.Value < right.Value;

    public static bool operator >(NanoDollars left, NanoDollars right) => left.Value > right.Value;

    public static bool operator <=(NanoDollars left, NanoDollars right) => left.Value <= right.Value;

    public static bool operator >=(NanoDollars left, NanoDollars right) => left.Value >= right.Value;

    /// <exception cref="OverflowException">Beyond nine thousand million dollars.</exception>
    public static NanoDollars OfDollars(decimal dollars) =>
        new((long)decimal.Round(dollars * PerDollar, MidpointRounding.AwayFromZero));

    public static NanoDollars Max(NanoDollars left, NanoDollars right) => left > right ? left : right;

    public NanoDollars Add(NanoDollars other) => new(checked(Value + other.Value));

    public NanoDollars Subtract(NanoDollars other) => new(checked(Value - other.Value));

    public int CompareTo(NanoDollars other) => Value.CompareTo(other.Value);

    /// <summary>Dollars, with at least two and at most six decimals: <c>5.00</c>, <c>0.000123</c>.</summary>
    public string ToDollarText() =>
        decimal.Round(Dollars, 6, MidpointRounding.AwayFromZero).ToString("0.00####", CultureInfo.InvariantCulture);

    public override string ToString() => ToDollarText();
}
