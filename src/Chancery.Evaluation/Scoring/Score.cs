using System.Text.Json.Serialization;

namespace Chancery.Evaluation.Scoring;

/// <summary>
/// What scoring one thing ends in: a number, nothing to score, or a failure. A failure is never 0 and nothing is ever not a number, so that a
/// mean says what it is a mean of.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "state")]
[JsonDerivedType(typeof(Number), "number")]
[JsonDerivedType(typeof(NotApplicable), "notApplicable")]
[JsonDerivedType(typeof(Failed), "failed")]
public abstract record Score
{
    private Score() { }

    /// <summary>The number; null in the other two states.</summary>
    [JsonIgnore]
    public double? Value => (this as Number)?.Amount;

    /// <exception cref="ArgumentOutOfRangeException">It is outside 0 to 1, or not a number.</exception>
    public static Score Of(double amount) => new Number(amount);

    public static Score Of(bool isRight) => new Number(isRight ? 1 : 0);

    public static Score None { get; } = new NotApplicable();

    public sealed record Number : Score
    {
        [JsonConstructor]
        public Number(double amount)
        {
            if (!(amount >= 0 && amount <= 1))
            {
                throw new ArgumentOutOfRangeException(nameof(amount), amount, "A score lies between 0 and 1.");
            }

            Amount = amount;
        }

        [JsonPropertyName("value")]
        public double Amount { get; }
    }

    /// <summary>The question has nothing that this score looks at, such as expected passages.</summary>
    public sealed record NotApplicable : Score;

    /// <summary>It should have been scored and could not be.</summary>
    /// <param name="Reason">For the person who looks at the run.</param>
    public sealed record Failed(string Reason) : Score;
}
