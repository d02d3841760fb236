"""What scikit-learn took away."""

from .rows import Gone, absent, moved, moved_to, stand_ins

_SELECTION = [
    "train_test_split",
    "cross_val_score",
    "cross_val_predict",
    "GridSearchCV",
    "RandomizedSearchCV",
    "ParameterGrid",
    "learning_curve",
    "validation_curve",
]
# The folds of before 0.18 were given the data's length; those of today's namesakes are not.
_FOLDS = (
    "KFold",
    "StratifiedKFold",
    "ShuffleSplit",
    "StratifiedShuffleSplit",
    "LeaveOneOut",
    "LeavePOut",
    "LabelKFold",
)
# files that got an underscore before their names with 0.22, and lost the old ones with 0.24
_PRIVATE = {
    "sklearn.ensemble": "forest bagging gradient_boosting weight_boosting voting_classifier",
    "sklearn.tree": "tree",
    "sklearn.svm": "classes base",
    "sklearn.cluster": "k_means_ dbscan_ hierarchical spectral",
    "sklearn.manifold": "t_sne mds isomap",
    "sklearn.decomposition": "pca nmf kernel_pca fastica_",
    "sklearn.preprocessing": "label data",
    "sklearn.linear_model": "logistic base stochastic_gradient ridge",
    "sklearn.metrics": "classification ranking regression scorer",
    "sklearn.neighbors": "classification unsupervised",
    "sklearn.neural_network": "multilayer_perceptron",
    "sklearn.datasets": "samples_generator base",
    "sklearn.utils": "testing",
}

# defaults that are others today: by release and argument, the classes, and the functions
_CHANGED = (
    ("0.22", "cv=3", "three_folds", "sklearn.model_selection", "GridSearchCV RandomizedSearchCV", True),
    ("0.22", "cv=3", "three_folds", "sklearn.linear_model", "LogisticRegressionCV LassoCV ElasticNetCV LarsCV", True),
    (
        "0.22",
        "cv=3",
        "three_folds",
        "sklearn.model_selection",
        "cross_val_score cross_val_predict cross_validate",
        False,
    ),
    ("0.22", "cv=3", "three_folds", "sklearn.model_selection", "learning_curve validation_curve", False),
    ("0.22", "n_splits=3", "three_splits", "sklearn.model_selection", "KFold StratifiedKFold GroupKFold", True),
    ("0.22", "n_estimators=10", "ten_trees", "sklearn.ensemble", "RandomForestClassifier RandomForestRegressor", True),
    ("0.22", "n_estimators=10", "ten_trees", "sklearn.ensemble", "ExtraTreesClassifier ExtraTreesRegressor", True),
    ("0.22", 'gamma="auto"', "gamma_of_features", "sklearn.svm", "SVC SVR NuSVC NuSVR OneClassSVM", True),
    ("1.4", "n_init=10", "ten_starts", "sklearn.cluster", "KMeans", True),
    ("1.4", "n_init=3", "three_starts", "sklearn.cluster", "MiniBatchKMeans", True),
)
_DEFAULTS = tuple(
    Gone(
        f"{owner}.{name}.__init__(without {default})" if is_class else f"{owner}.{name}(without {default})",
        f"scikit-learn {since}",
        default,
        f"sklearn_names:{stand_in}",
        "class" if is_class else "call",
    )
    for since, default, stand_in, owner, names, is_class in _CHANGED
    for name in names.split()
)

LEARNING = (
    Gone("sklearn.externals", "scikit-learn 0.23", "joblib", "*"),
    Gone("sklearn.externals.joblib", "scikit-learn 0.23", "joblib", "=joblib"),
    Gone("sklearn.externals.six", "scikit-learn 0.23", "six", "=six"),
    *(
        Gone(f"sklearn.{name}", "scikit-learn 0.20", "sklearn.model_selection", "*")
        for name in ("cross_validation", "grid_search", "learning_curve")
    ),
    *moved_to("scikit-learn 0.20", "sklearn.cross_validation", "sklearn.model_selection", *_SELECTION),
    *moved_to("scikit-learn 0.20", "sklearn.grid_search", "sklearn.model_selection", *_SELECTION),
    *moved_to("scikit-learn 0.20", "sklearn.learning_curve", "sklearn.model_selection", *_SELECTION),
    *absent("scikit-learn 0.20", "sklearn.cross_validation", "sklearn.model_selection: other arguments", *_FOLDS),
    *absent("scikit-learn 1.2", "sklearn.datasets", "another data set: its makers withdrew it", "load_boston"),
    *stand_ins("scikit-learn 0.22", "sklearn.datasets", "sklearn_names", fetch_mldata="sklearn.datasets.fetch_openml"),
    *stand_ins("scikit-learn 0.22", "sklearn.preprocessing", "sklearn_names", Imputer="sklearn.impute.SimpleImputer"),
    *moved("scikit-learn 0.19", "sklearn.lda", LDA="sklearn.discriminant_analysis.LinearDiscriminantAnalysis"),
    Gone("sklearn.lda", "scikit-learn 0.19", "sklearn.discriminant_analysis", "*"),
    *moved("scikit-learn 0.19", "sklearn.qda", QDA="sklearn.discriminant_analysis.QuadraticDiscriminantAnalysis"),
    Gone("sklearn.qda", "scikit-learn 0.19", "sklearn.discriminant_analysis", "*"),
    *absent("scikit-learn 0.17", "sklearn", "the package hmmlearn", "hmm"),
    *absent("scikit-learn 0.20", "sklearn.mixture", "sklearn.mixture.GaussianMixture", "GMM", "VBGMM", "DPGMM"),
    *absent("scikit-learn 0.20", "sklearn.decomposition", "PCA(svd_solver='randomized')", "RandomizedPCA"),
    *absent("scikit-learn 0.23", "sklearn.metrics", "sklearn.metrics.jaccard_score", "jaccard_similarity_score"),
    *moved("scikit-learn 0.23", "sklearn.metrics", calinski_harabaz_score="sklearn.metrics.calinski_harabasz_score"),
    *stand_ins("scikit-learn 1.2", "sklearn.metrics", "sklearn_names", plot_confusion_matrix="ConfusionMatrixDisplay"),
    *stand_ins("scikit-learn 1.2", "sklearn.metrics", "sklearn_names", plot_roc_curve="RocCurveDisplay.from_estimator"),
    *absent("scikit-learn 0.22", "sklearn.gaussian_process", "GaussianProcessRegressor", "GaussianProcess"),
    *absent("scikit-learn 0.22", "sklearn.covariance", "sklearn.covariance.GraphicalLasso", "GraphLasso"),
    *absent("scikit-learn 0.21", "sklearn.linear_model", "the package stability-selection", "RandomizedLasso"),
    *moved("scikit-learn 0.24", "sklearn.utils", safe_indexing="sklearn.utils._safe_indexing"),
    *moved("scikit-learn 0.20", "sklearn.utils.extmath", norm="numpy.linalg.norm", fast_dot="numpy.dot"),
    Gone("sklearn.utils.linear_assignment_", "scikit-learn 0.23", "scipy.optimize.linear_sum_assignment", "*"),
    *stand_ins(
        "scikit-learn 0.23", "sklearn.utils.linear_assignment_", "sklearn_names", linear_assignment="scipy.optimize.…"
    ),
    *moved("scikit-learn 1.3", "sklearn.neighbors", DistanceMetric="sklearn.metrics.DistanceMetric"),
    Gone("sklearn.feature_extraction.stop_words", "scikit-learn 0.24", "sklearn.feature_extraction.text", "*"),
    *moved_to(
        "scikit-learn 0.24",
        "sklearn.feature_extraction.stop_words",
        "sklearn.feature_extraction.text",
        "ENGLISH_STOP_WORDS",
    ),
    *(
        Gone(f"{package}.{name}", "scikit-learn 0.24", package, f"={package}")
        for package, names in _PRIVATE.items()
        for name in names.split()
    ),
    Gone("sklearn.manifold.TSNE.__init__(n_iter=)", "scikit-learn 1.7", "max_iter=", "sklearn_names:tsne", "class"),
    Gone(
        "sklearn.preprocessing.OneHotEncoder.__init__(sparse=)",
        "scikit-learn 1.4",
        "sparse_output=",
        "sklearn_names:sparse",
        "class",
    ),
    *_DEFAULTS,
)
