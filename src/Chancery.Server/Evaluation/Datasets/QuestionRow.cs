namespace Chancery.Server.Evaluation.Datasets;

/// <summary>A question as it is stored.</summary>
internal class QuestionRow
{
    public Guid Id { get; init; }

    public int Number { get; init; }

    public string Question { get; init; } = "";

    public string[] ExpectedAnswers { get; init; } = [];

    public string? ExpectedPlaces { get; init; }

    public bool? ShouldRefuse { get; init; }

    public string? Language { get; init; }

    public string[] Tags { get; init; } = [];

    public DateTimeOffset CreatedAt { get; init; }

    public EvalQuestion ToQuestion() =>
        new(
            Id,
            Number,
            Question,
            ExpectedAnswers,
            ExpectedPlaces is null ? null : EvalJson.Read<EvalPlace[]>(ExpectedPlaces),
            ShouldRefuse,
            Language,
            Tags,
            CreatedAt
        );
}
