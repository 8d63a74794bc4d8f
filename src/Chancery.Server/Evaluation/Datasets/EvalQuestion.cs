using System.ComponentModel.DataAnnotations;

namespace Chancery.Server.Evaluation.Datasets;

/// <summary>Where an answer stands.</summary>
/// <param name="Document">A document, by its id, its path or its title.</param>
/// <param name="Page">Only this page of it, from 1.</param>
/// <param name="Quote">Words that stand there; white space and case do not count.</param>
public sealed record EvalPlace(
    [Required, StringLength(500, MinimumLength = 1)] string Document,
    [Range(1, 1_000_000)] int? Page = null,
    [StringLength(2000, MinimumLength = 1)] string? Quote = null
);

/// <summary>A question, and what a good answer to it is, as far as somebody said.</summary>
/// <param name="Question">1 to 4000 characters.</param>
/// <param name="ExpectedAnswers">Any of them is right.</param>
/// <param name="ExpectedPlaces">All of them belong to a good answer; empty: none does; left out: nobody said.</param>
/// <param name="ShouldRefuse">Whether the documents do not hold the answer. Left out, it is expected where an answer or a place is not.</param>
/// <param name="Language">ISO 639-1, such as en: how words are compared.</param>
public sealed record NewQuestion(
    [Required, StringLength(4000, MinimumLength = 1)] string Question,
    [MaxLength(20)] string[]? ExpectedAnswers = null,
    [MaxLength(50)] EvalPlace[]? ExpectedPlaces = null,
    bool? ShouldRefuse = null,
    [StringLength(35, MinimumLength = 2)] string? Language = null,
    [MaxLength(50)] string[]? Tags = null
);

/// <param name="Number">In the order in which questions were added, from 1.</param>
public sealed record EvalQuestion(
    Guid Id,
    int Number,
    string Question,
    IReadOnlyList<string> ExpectedAnswers,
    IReadOnlyList<EvalPlace>? ExpectedPlaces,
    bool? ShouldRefuse,
    string? Language,
    IReadOnlyList<string> Tags,
    DateTimeOffset CreatedAt
);
